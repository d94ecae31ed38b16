ALTER TABLE "local"."admission" ALTER COLUMN "subject" SET DATA TYPE text COLLATE "C";--> statement-breakpoint
ALTER TABLE "local"."first_seen" ALTER COLUMN "uri" SET DATA TYPE text COLLATE "C";