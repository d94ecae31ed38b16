CREATE TABLE "catalog"."dataset_change" (
	"dataset_id" bigint PRIMARY KEY NOT NULL,
	"changed_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "dataset_change_at" ON "catalog"."dataset_change" USING btree ("changed_at","dataset_id");--> statement-breakpoint
INSERT INTO "catalog"."dataset_change" ("dataset_id", "changed_at") SELECT "id", now() FROM "catalog"."dataset" WHERE "visible";
