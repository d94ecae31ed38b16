ALTER TABLE "local"."first_seen" ADD COLUMN "named" text;--> statement-breakpoint
ALTER TABLE "local"."first_seen" ADD COLUMN "named_at" timestamp with time zone;