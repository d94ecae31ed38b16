import type { ErrorRequestHandler } from 'express'
import { InvalidCursorError } from '../store/page-cursor.ts'

/** A program's request is malformed; the message says how. */
export class BadRequestError extends Error {
  override readonly name = 'BadRequestError'
}

/** Answers a BadRequestError with its name and message; passes on every other error. */
export const answerBadRequest: ErrorRequestHandler = (error: Error, _req, res, next) => {
  const isCallers = error instanceof BadRequestError || error instanceof InvalidCursorError
  if (!isCallers || res.headersSent) return next(error)
  res.status(400).json({ error: 'InvalidRequest', message: error.message })
}
