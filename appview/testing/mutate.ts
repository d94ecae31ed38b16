/** Damages a frame in one to four places, as a broken or hostile host would; `choose(n)` picks below n. */
export function mutate(frame: Uint8Array, choose: (limit: number) => number): Uint8Array {
  let bytes = Buffer.from(frame)
  for (let rounds = 1 + choose(4); rounds > 0; rounds--) {
    const at = choose(bytes.length + 1)
    switch (choose(6)) {
      case 0:
        if (at < bytes.length) bytes[at] = choose(256)
        break
      case 1:
        if (at < bytes.length) bytes[at]! ^= 1 << choose(8)
        break
      case 2:
        bytes = bytes.subarray(0, at)
        break
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from([choose(256)]), bytes.subarray(at)])
        break
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + choose(8))])
        break
      default: {
        const from = choose(bytes.length + 1)
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          bytes.subarray(from, from + choose(64)),
          bytes.subarray(at),
        ])
      }
    }
  }
  return new Uint8Array(bytes)
}
