CREATE TABLE "local"."lease" (
	"part_key" text COLLATE "C" NOT NULL,
	"slot" smallint NOT NULL,
	"id" text NOT NULL,
	"did" text NOT NULL,
	"granted_at" timestamp with time zone NOT NULL,
	"ends_at" timestamp with time zone NOT NULL,
	"claimed" boolean DEFAULT false NOT NULL,
	"host" text,
	"requests_per_minute" integer NOT NULL,
	CONSTRAINT "lease_part_key_slot_pk" PRIMARY KEY("part_key","slot")
);
--> statement-breakpoint
ALTER TABLE "local"."first_seen" ADD COLUMN "live_at" timestamp with time zone;--> statement-breakpoint
CREATE UNIQUE INDEX "lease_id" ON "local"."lease" USING btree ("id");--> statement-breakpoint
CREATE INDEX "lease_did" ON "local"."lease" USING btree ("did","ends_at");--> statement-breakpoint
CREATE INDEX "lease_host" ON "local"."lease" USING btree ("host","ends_at");--> statement-breakpoint
CREATE INDEX "lease_end" ON "local"."lease" USING btree ("ends_at");--> statement-breakpoint
INSERT INTO "local"."setting" ("name", "value") VALUES ('shuffle-seed', to_jsonb((random() * 9e15)::bigint)) ON CONFLICT DO NOTHING;
