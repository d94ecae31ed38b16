CREATE TABLE "local"."decision" (
	"id" text PRIMARY KEY NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"action" text NOT NULL,
	"subject" text NOT NULL,
	"subject_kind" text NOT NULL,
	"reason" text,
	"by" text,
	"info_hashes" jsonb DEFAULT '[]'::jsonb NOT NULL
);
--> statement-breakpoint
CREATE INDEX "decision_at" ON "local"."decision" USING btree ("at","id");--> statement-breakpoint
CREATE INDEX "decision_subject" ON "local"."decision" USING btree ("subject","at");--> statement-breakpoint
-- The decisions that stand, from before their history was kept.
INSERT INTO "local"."decision" ("id", "at", "action", "subject", "subject_kind", "reason", "info_hashes")
SELECT gen_random_uuid()::text, a."decided_at", a."action", a."subject", a."subject_kind", a."reason",
	coalesce((SELECT jsonb_agg(f."info_hash" ORDER BY f."info_hash") FROM "local"."info_hash_admission" f WHERE f."subject" = a."subject"), '[]')
FROM "local"."admission" a;
