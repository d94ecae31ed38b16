DROP INDEX "catalog"."webseed_v1";--> statement-breakpoint
DROP INDEX "catalog"."webseed_v2";--> statement-breakpoint
CREATE INDEX "webseed_v1_did" ON "catalog"."webseed" USING btree ("info_hash_v1","did","id") WHERE visible;--> statement-breakpoint
CREATE INDEX "webseed_v2_did" ON "catalog"."webseed" USING btree ("info_hash_v2","did","id") WHERE visible;--> statement-breakpoint
CREATE INDEX "webseed_v1" ON "catalog"."webseed" USING btree ("info_hash_v1","visible","id");--> statement-breakpoint
CREATE INDEX "webseed_v2" ON "catalog"."webseed" USING btree ("info_hash_v2","visible","id");