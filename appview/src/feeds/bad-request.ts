import type { ErrorRequestHandler } from 'express'
import { InvalidCursorError } from '../catalog/cursor.ts'

/** What a program asked for in a way that cannot be answered. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest'
}

/** Answers a program's mistake with its name and what is wrong; passes on whatever is not one. */
export const answerBadRequest: ErrorRequestHandler = (error: Error, _req, res, next) => {
  const isCallers = error instanceof BadRequest || error instanceof InvalidCursorError
  if (!isCallers || res.headersSent) return next(error)
  res.status(400).json({ error: 'InvalidRequest', message: error.message })
}
