CREATE TABLE "catalog"."collection_set" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "catalog"."collection_set_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"nsids" text[] NOT NULL,
	"since" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "catalog"."repo" ADD COLUMN "collection_set" bigint;--> statement-breakpoint
CREATE UNIQUE INDEX "collection_set_nsids" ON "catalog"."collection_set" USING btree ("nsids");