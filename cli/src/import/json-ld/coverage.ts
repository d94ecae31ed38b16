import type { defs } from '@holdfast/lexicons'
import { Fields } from '../fields.ts'
import { toEdtf, toTemporal } from '../values/dates.ts'
import { toBox, toSpatial } from '../values/places.ts'

/** `temporalCoverage` as a text, or DCAT's PeriodOfTime. */
export function readTemporal(fields: Fields): defs.Temporal | undefined {
  return fields.read('temporalCoverage', toTemporal) ?? fields.read('temporal', toPeriod)
}

function toPeriod(value: unknown): defs.Temporal | undefined {
  if (typeof value === 'string') return toTemporal(value)
  const period = new Fields(value)
  const start = period.read('startDate', toEdtf)
  const end = period.read('endDate', toEdtf)
  return start || end ? { ...(start && { start }), ...(end && { end }) } : undefined
}

/** `spatialCoverage` as a Place with its shape, or DCAT's Location; a plain text is its name. */
export function readSpatial(fields: Fields): defs.Spatial | undefined {
  return fields.read('spatialCoverage', toPlace) ?? fields.read('spatial', toPlace)
}

function toPlace(value: unknown): defs.Spatial | undefined {
  if (typeof value === 'string') return toSpatial(value)
  if (Array.isArray(value)) {
    const places = value.map(toPlace)
    const names = places.map((place) => place?.name)
    return names.every((name) => name !== undefined) && names.length > 0
      ? { name: names.join('; ') }
      : undefined
  }
  const place = (value ?? {}) as Record<string, unknown>
  const name = [place.name, place.prefLabel, place.label].find((text) => typeof text === 'string') as
    | string
    | undefined
  const box = toShape(place.geo) ?? toSpatial(place.bbox)?.box ?? toSpatial(place.geometry)?.box
  return name || box ? { ...(name && { name }), ...(box && { box }) } : toSpatial(value)
}

/** schema.org's GeoShape has `box` as "south west north east"; a GeoCoordinates is a point. */
function toShape(value: unknown): defs.Box | undefined {
  const { box, latitude, longitude } = (value ?? {}) as Record<string, unknown>
  if (typeof box === 'string') {
    const [south, west, north, east] = box.trim().split(/[\s,]+/)
    return toBox({ west, south, east, north })
  }
  return toBox({ west: longitude, south: latitude, east: longitude, north: latitude })
}
