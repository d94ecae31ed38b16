CREATE TABLE "catalog"."metainfo_slice" (
	"cid" text NOT NULL,
	"position" integer NOT NULL,
	"bytes" "bytea" NOT NULL,
	CONSTRAINT "metainfo_slice_cid_position_pk" PRIMARY KEY("cid","position")
);
--> statement-breakpoint
ALTER TABLE "catalog"."metainfo" ADD COLUMN "size_bytes" bigint;--> statement-breakpoint
UPDATE "catalog"."metainfo" SET "size_bytes" = octet_length("bytes");--> statement-breakpoint
INSERT INTO "catalog"."metainfo_slice" ("cid", "position", "bytes")
	SELECT m."cid", n, substring(m."bytes" FROM n * 480000 + 1 FOR 480000)
	FROM "catalog"."metainfo" m, generate_series(0, octet_length(m."bytes") / 480000) AS n
	WHERE n * 480000 < octet_length(m."bytes");--> statement-breakpoint
ALTER TABLE "catalog"."metainfo" ALTER COLUMN "size_bytes" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "catalog"."metainfo" DROP COLUMN "bytes";
