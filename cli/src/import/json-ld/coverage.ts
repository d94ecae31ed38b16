import type { defs } from '@holdfast/lexicons'
import { Fields } from '../fields.ts'
import { toEdtf, toTemporal } from '../values/dates.ts'
import { toBox, toSpatial } from '../values/places.ts'

/**
 * Reads `temporalCoverage` as a text, or DCAT's PeriodOfTime. If there are several, the first is taken, and
 * `accountFor` lists the others.
 */
export function readTemporal(fields: Fields): defs.Temporal | undefined {
  const first = (value: unknown) =>
    Array.isArray(value) ? value.map(toPeriod).find(Boolean) : toPeriod(value)
  return fields.read('temporalCoverage', first) ?? fields.read('temporal', first)
}

function toPeriod(value: unknown): defs.Temporal | undefined {
  if (typeof value === 'string') return toTemporal(value)
  const period = new Fields(value)
  const start = period.read('startDate', toEdtf)
  const end = period.read('endDate', toEdtf)
  return start || end ? { ...(start && { start }), ...(end && { end }) } : undefined
}

/** Reads `spatialCoverage` as a Place with its shape, or DCAT's Location; a plain text is the name of the place. */
export function readSpatial(fields: Fields): defs.Spatial | undefined {
  return fields.read('spatialCoverage', toPlace) ?? fields.read('spatial', toPlace)
}

function toPlace(value: unknown): defs.Spatial | undefined {
  if (typeof value === 'string') return toSpatial(value)
  if (Array.isArray(value)) {
    const places = value.map(toPlace).filter((place) => place !== undefined)
    const names = places.flatMap(({ name }) => name ?? [])
    const boxes = places.flatMap((place) => place.box ?? [])
    // A record has one place, so a box is taken only if there is no other place or box.
    const box = boxes.length === 1 && places.length === 1 ? boxes[0] : undefined
    if (names.length > 0) return { name: names.join('; '), ...(box && { box }) }
    return boxes[0] && { box: boxes[0] }
  }
  const place = (value ?? {}) as Record<string, unknown>
  const words = new Fields(place)
  const name = words.wording('name') ?? words.wording('prefLabel') ?? words.wording('label')
  const box = toShape(place.geo) ?? toSpatial(place.bbox)?.box ?? toSpatial(place.geometry)?.box
  return name || box ? { ...(name && { name }), ...(box && { box }) } : toSpatial(value)
}

/** Reads schema.org's GeoShape, whose `box` is "south west north east", or a GeoCoordinates, which is a point. */
function toShape(value: unknown): defs.Box | undefined {
  const { box, latitude, longitude } = (value ?? {}) as Record<string, unknown>
  if (typeof box === 'string') {
    const [south, west, north, east] = box.trim().split(/[\s,]+/)
    return toBox({ west, south, east, north })
  }
  return toBox({ west: longitude, south: latitude, east: longitude, north: latitude })
}
