import type { assessment, defs } from '@holdfast/lexicons'
import { filled, lines, type RecordForm } from './fields.ts'

type Assessment = Partial<assessment.Main>

/** The form of an assessment: how endangered and how scarce somebody considers a dataset. */
export const assessmentForm: RecordForm = {
  toFields(value) {
    const { subject, risk, scarcity, evidence, note } = value as Assessment
    return {
      subject: subject?.uri ?? '',
      riskLevel: risk?.level ?? '',
      riskReason: risk?.reason ?? '',
      expectedGone: risk?.expectedGone ?? '',
      scarcity: scarcity ?? '',
      evidence: (evidence ?? []).map(({ url }) => url).join('\n'),
      note: note ?? '',
    }
  },
  toRecord(fields, before) {
    const text = (name: string) => (fields[name] ?? '').trim()
    const old = before as Assessment
    const uri = text('subject')
    const isSame = old.subject?.uri === uri
    const risk = { reason: text('riskReason'), expectedGone: text('expectedGone') }
    return filled(
      {
        // The CID is known only for the dataset whose page linked here.
        subject: isSame ? old.subject : { uri, ...(text('subjectCid') && { cid: text('subjectCid') }) },
        risk: text('riskLevel') && filled({ level: text('riskLevel'), ...risk }, old.risk),
        scarcity: text('scarcity'),
        evidence: lines(fields.evidence ?? '').map(
          (url) => old.evidence?.find((one: defs.Evidence) => one.url === url) ?? { url },
        ),
        note: text('note'),
        assessedAt: new Date().toISOString(),
      },
      before,
    )
  },
  fieldOf(path) {
    const [first = '', second = ''] = path.split('/')
    if (first === 'risk')
      return second === 'reason' ? 'riskReason' : second === 'expectedGone' ? 'expectedGone' : 'riskLevel'
    return ['subject', 'scarcity', 'evidence', 'note'].find((name) => name === first)
  },
}
