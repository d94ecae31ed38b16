-- A word is looked up by one code that says it is there, not by the 64 of its impacts.
UPDATE "catalog"."dataset" SET codes = ARRAY(SELECT DISTINCT c FROM unnest(codes) AS code, LATERAL (VALUES (code), (code - code % 64)) AS v(c) ORDER BY c);--> statement-breakpoint
UPDATE "catalog"."torrent" SET codes = ARRAY(SELECT DISTINCT c FROM unnest(codes) AS code, LATERAL (VALUES (code), (code - code % 64)) AS v(c) ORDER BY c);
