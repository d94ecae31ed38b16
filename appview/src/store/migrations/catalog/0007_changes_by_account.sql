ALTER TABLE "catalog"."search_change" ADD COLUMN "did" text;--> statement-breakpoint
-- As before, with the account of each dataset.
CREATE OR REPLACE FUNCTION "catalog".note_dataset_changes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  is_searched boolean;
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO "catalog"."search_change" ("dataset_id", "did", "found") SELECT id, did, true FROM after WHERE visible;
    is_searched := FOUND;
    INSERT INTO "catalog"."dataset_change" ("dataset_id", "changed_at") SELECT id, now() FROM after WHERE visible
      ON CONFLICT ("dataset_id") DO UPDATE SET "changed_at" = excluded."changed_at";
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO "catalog"."search_change" ("dataset_id", "did", "found") SELECT id, did, true FROM before WHERE visible;
    is_searched := FOUND;
    DELETE FROM "catalog"."dataset_change" WHERE "dataset_id" IN (SELECT id FROM before);
  ELSE
    INSERT INTO "catalog"."search_change" ("dataset_id", "did", "found")
    SELECT id, min(did), bool_or(described) FROM (
      SELECT a.id, a.did, (a.visible, a.codes, a.deadline, a.size_bytes, a.created_at, a.publisher, a.license, a.keywords, a.formats, a.risks, a.scarcities)
          IS DISTINCT FROM (b.visible, b.codes, b.deadline, b.size_bytes, b.created_at, b.publisher, b.license, b.keywords, b.formats, b.risks, b.scarcities) AS described,
        (a.group_id, a.torrent_count, a.seeders) IS DISTINCT FROM (b.group_id, b.torrent_count, b.seeders) AS counted
      FROM after a JOIN before b USING (id) WHERE a.visible OR b.visible) AS changed
    WHERE described OR counted GROUP BY id;
    is_searched := FOUND;
    INSERT INTO "catalog"."dataset_change" ("dataset_id", "changed_at")
    SELECT a.id, now() FROM after a JOIN before b USING (id) WHERE a.visible AND NOT b.visible
      ON CONFLICT ("dataset_id") DO UPDATE SET "changed_at" = excluded."changed_at";
    DELETE FROM "catalog"."dataset_change" WHERE "dataset_id" IN (
      SELECT a.id FROM after a JOIN before b USING (id) WHERE b.visible AND NOT a.visible);
  END IF;
  IF is_searched THEN
    PERFORM pg_notify('holdfast_search', '');
  END IF;
  RETURN NULL;
END $$;
