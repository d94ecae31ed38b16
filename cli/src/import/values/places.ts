import type { defs } from '@holdfast/lexicons'

/**
 * Reads a place as catalogs write it: its name, a box `west,south,east,north`, or GeoJSON (whose outline becomes its
 * bounding box).
 */
export function toSpatial(value: unknown): defs.Spatial | undefined {
  if (typeof value === 'string') {
    const text = value.trim()
    if (text === '') return undefined
    if (text.startsWith('{')) return fromGeoJsonText(text)
    return boxOfText(text) ?? { name: text }
  }
  const points = pointsOf(value)
  return points && { box: boxAround(points) }
}

/** A box from its four sides in degrees; undefined unless all of them are numbers in range. */
export function toBox(sides: {
  west: unknown
  south: unknown
  east: unknown
  north: unknown
}): defs.Box | undefined {
  const within = (side: unknown, limit: number) => {
    const text = String(side ?? '').trim()
    return /^[+-]?\d+(\.\d+)?$/.test(text) && Math.abs(Number(text)) <= limit ? text : undefined
  }
  const [west, east] = [within(sides.west, 180), within(sides.east, 180)]
  const [south, north] = [within(sides.south, 90), within(sides.north, 90)]
  if (west === undefined || east === undefined || south === undefined || north === undefined) return undefined
  return Number(south) <= Number(north) ? { west, south, east, north } : undefined
}

function boxOfText(text: string): defs.Spatial | undefined {
  const ring = /^POLYGON\s*\(\(([^()]+)\)\)$/i.exec(text)?.[1]
  if (ring !== undefined) return boxOfRing(ring)
  const [west, south, east, north, ...rest] = text.split(/\s*[,\s]\s*/)
  const box = rest.length === 0 ? toBox({ west, south, east, north }) : undefined
  return box && { box }
}

/**
 * Reads DCAT's `bbox` in WKT: a box that begins at its south-west corner may cross the antimeridian; for any other
 * ring, the bounding box is taken.
 */
function boxOfRing(ring: string): defs.Spatial | undefined {
  const corners = ring.split(',').map((corner) => corner.trim().split(/\s+/))
  const [[west, south] = [], , [east, north] = []] = corners
  const isBox =
    [
      [west, south],
      [east, south],
      [east, north],
      [west, north],
      [west, south],
    ].join() === corners.join()
  const points = corners.map(([x, y]): Point => [Number(x), Number(y)])
  const sides = isBox ? { west, south, east, north } : boxAround(points)
  const box = toBox(sides)
  return box && { box }
}

function fromGeoJsonText(text: string): defs.Spatial | undefined {
  try {
    return toSpatial(JSON.parse(text))
  } catch {
    return { name: text }
  }
}

type Point = readonly [number, number]

function pointsOf(value: unknown): Point[] | undefined {
  const { type, coordinates, geometry } = (value ?? {}) as Record<string, unknown>
  if (geometry) return pointsOf(geometry)
  if (typeof type !== 'string' || !Array.isArray(coordinates)) return undefined
  // The nesting of positions in GeoJSON depends on the kind of geometry; the innermost arrays are always coordinates
  // (RFC 7946, section 3.1).
  const flat = coordinates.flat(4) as unknown[]
  const dimensions = positionLength(coordinates)
  const points: Point[] = []
  for (let at = 0; at + 1 < flat.length; at += dimensions) {
    const [x, y] = [flat[at], flat[at + 1]]
    if (typeof x !== 'number' || typeof y !== 'number') return undefined
    points.push([x, y])
  }
  return points.length > 0 ? points : undefined
}

function positionLength(coordinates: unknown): number {
  let found = coordinates
  while (Array.isArray(found) && Array.isArray(found[0])) found = found[0]
  return Math.max(2, (found as unknown[]).length)
}

function boxAround(points: readonly Point[]): defs.Box {
  const bound = (axis: 0 | 1, pick: 'min' | 'max') =>
    String(points.reduce((best, point) => Math[pick](best, point[axis]), points[0]![axis]))
  return { west: bound(0, 'min'), south: bound(1, 'min'), east: bound(0, 'max'), north: bound(1, 'max') }
}
