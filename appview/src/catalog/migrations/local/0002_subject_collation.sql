ALTER TABLE "local"."probe" ALTER COLUMN "subject" SET DATA TYPE text COLLATE "C";--> statement-breakpoint
ALTER TABLE "local"."probe_history" ALTER COLUMN "subject" SET DATA TYPE text COLLATE "C";