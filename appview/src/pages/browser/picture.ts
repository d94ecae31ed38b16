/**
 * The picture of a profile. It is redrawn before it is sent, so that it is small and has no metadata of the camera, such as
 * the place where it was taken.
 */
import { byId } from './elements.ts'
import { uploadBlob } from './repo.ts'
import type { OAuthSession } from './session.ts'
import { type Settings, say } from './settings.ts'

const types = ['image/png', 'image/jpeg', 'image/webp']
const mostBytesRead = 20_000_000
/** The largest picture that the lexicon allows. */
const mostBytesSent = 1_000_000
const mostPixelsASide = 512

/**
 * Makes the `avatar` field: absent to keep the picture, a new picture (which is uploaded now), or undefined to remove it.
 * Throws an error with a text for the reader when a file is not a picture.
 */
export async function attachPicture(
  form: HTMLFormElement,
  session: OAuthSession,
  settings: Settings,
): Promise<Record<string, unknown>> {
  const { files } = form.elements.namedItem('picture') as HTMLInputElement
  const file = files?.[0]
  if (!file) {
    const { checked } = form.elements.namedItem('removePicture') as HTMLInputElement
    return checked ? { avatar: undefined } : {}
  }
  const drawn = await drawAnew(file).catch(() => undefined)
  if (!drawn) throw new Error(say(settings.texts, 'badPicture'))
  return { avatar: await uploadBlob(session, new Uint8Array(await drawn.arrayBuffer()), drawn.type) }
}

/** Shows at once when a chosen file cannot be the picture. */
export function watchPicture(form: HTMLFormElement, { texts }: Settings): void {
  const input = form.elements.namedItem('picture') as HTMLInputElement
  input.addEventListener('change', async () => {
    const file = input.files?.[0]
    const isBad = file && !(await drawAnew(file).catch(() => undefined))
    const place = byId('picture-problem')
    if (place) place.textContent = isBad ? say(texts, 'badPicture') : ''
    if (isBad) input.value = ''
  })
}

/** Redraws the picture in at most 512 by 512 pixels; undefined when its type is not allowed in a profile. */
async function drawAnew(file: File): Promise<Blob | undefined> {
  if (!types.includes(file.type) || file.size > mostBytesRead) return undefined
  const bitmap = await createImageBitmap(file)
  const scale = Math.min(1, mostPixelsASide / Math.max(bitmap.width, bitmap.height))
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)))
  const canvas = new OffscreenCanvas(width!, height!)
  canvas.getContext('2d')!.drawImage(bitmap, 0, 0, width!, height!)
  // A browser that cannot write WebP writes PNG instead.
  const drawn = await canvas.convertToBlob({ type: 'image/webp', quality: 0.85 })
  return drawn.size <= mostBytesSent ? drawn : undefined
}
