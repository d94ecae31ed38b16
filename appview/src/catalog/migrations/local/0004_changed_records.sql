ALTER TABLE "local"."first_seen" ADD COLUMN "cid" text;--> statement-breakpoint
ALTER TABLE "local"."first_seen" ADD COLUMN "changed_at" timestamp with time zone;