#include "core/registry/lineage_layout.h"

namespace mat {

const char* const kLineageLayout = R"sql(
-- What was made from what, by numbers, since names are used again. Rows stay when either is
-- deleted. label: the channel of an input.
CREATE TABLE origins (
  child_kind TEXT NOT NULL,
  child_id INTEGER NOT NULL,
  relation TEXT NOT NULL,
  label TEXT NOT NULL,
  parent_kind TEXT NOT NULL,
  parent_id INTEGER NOT NULL,
  PRIMARY KEY (child_kind, child_id, relation, label, parent_kind, parent_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX origins_by_parent ON origins (parent_kind, parent_id, child_kind, child_id);

-- What is left of rows that were deleted, by the triggers below. owner_id: the job of a version, the
-- experiment of a job, …; facts: JSON. A negative id: from before this was kept, known by its name
-- alone, and created_ms and deleted_ms are 0.
CREATE TABLE deleted (
  kind TEXT NOT NULL,
  id INTEGER NOT NULL,
  name TEXT NOT NULL,
  owner_id INTEGER,
  created_ms INTEGER NOT NULL,
  deleted_ms INTEGER NOT NULL,
  facts TEXT NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX deleted_by_name ON deleted (kind, name);
CREATE INDEX deleted_by_owner ON deleted (kind, owner_id);

CREATE TRIGGER keep_experiment BEFORE DELETE ON experiments BEGIN
  INSERT INTO deleted VALUES ('experiment', OLD.id, OLD.name, NULL, OLD.created_ms,
    CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), '{}');
  INSERT OR IGNORE INTO origins
    SELECT 'job', id, 'member', '', 'experiment', OLD.id FROM jobs WHERE experiment_id = OLD.id;
END;

CREATE TRIGGER keep_job BEFORE DELETE ON jobs BEGIN
  INSERT INTO deleted VALUES ('job', OLD.id, OLD.name, OLD.experiment_id, OLD.created_ms,
    CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), '{}');
END;

-- The row of the job may be gone already: versions go with it.
CREATE TRIGGER keep_version BEFORE DELETE ON versions BEGIN
  INSERT INTO deleted VALUES ('version', OLD.id,
    ifnull((SELECT name FROM jobs WHERE id = OLD.job_id),
           (SELECT name FROM deleted WHERE kind = 'job' AND id = OLD.job_id))
      || '@' || format('V%04d', OLD.number),
    OLD.job_id, OLD.created_ms, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER),
    json_object('status', OLD.status, 'algorithm', OLD.algorithm,
      'accuracy', (SELECT best FROM metrics WHERE version_id = OLD.id AND key_id = 1),
      'git', (SELECT iif(json_valid(facts), json_extract(facts, '$.git.commit'), NULL)
        FROM version_details WHERE version_id = OLD.id),
      'dirty', (SELECT iif(json_valid(facts), json_extract(facts, '$.git.dirty'), NULL)
        FROM version_details WHERE version_id = OLD.id),
      'resumes', (SELECT count(*) FROM status_changes c WHERE version_id = OLD.id
        AND status = 'Pending' AND (SELECT p.status FROM status_changes p
          WHERE p.version_id = c.version_id AND p.rowid < c.rowid ORDER BY p.rowid DESC LIMIT 1)
          IN ('Failed', 'Terminated', 'Abnormal')),
      'inputs', json((SELECT json_group_object(substr(s.key, 8), json_extract(s.value, '$.value'))
        FROM version_details d,
          json_each(iif(json_valid(d.settings), d.settings, '{}')) s
        WHERE d.version_id = OLD.id AND s.key GLOB 'inputs.*' AND s.type = 'object'))));
END;

CREATE TRIGGER keep_params BEFORE DELETE ON params BEGIN
  INSERT INTO deleted VALUES ('params', OLD.id, OLD.name, NULL, OLD.created_ms,
    CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), '{}');
END;

CREATE TRIGGER keep_algorithm BEFORE DELETE ON algorithms BEGIN
  INSERT INTO deleted VALUES ('algorithm', OLD.id, OLD.name, NULL, OLD.created_ms,
    CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), '{}');
END;

CREATE TRIGGER keep_dataset BEFORE DELETE ON datasets BEGIN
  INSERT INTO deleted VALUES ('dataset', OLD.id, OLD.name, NULL, OLD.created_ms,
    CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), '{}');
END;

CREATE TRIGGER keep_dataset_version BEFORE DELETE ON dataset_versions BEGIN
  INSERT INTO deleted VALUES ('dataset_version', OLD.id,
    ifnull((SELECT name FROM datasets WHERE id = OLD.dataset_id),
           (SELECT name FROM deleted WHERE kind = 'dataset' AND id = OLD.dataset_id))
      || '@' || format('V%03d', OLD.number),
    OLD.dataset_id, OLD.created_ms, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER),
    json_object('given_name', nullif(OLD.name, ''), 'fingerprint', OLD.fingerprint,
      'pictures', iif(json_valid(OLD.counts), json_extract(OLD.counts, '$.pictures'), NULL)));
END;

CREATE TRIGGER keep_model BEFORE DELETE ON models BEGIN
  INSERT INTO deleted VALUES ('model', OLD.id, OLD.name, NULL, OLD.created_ms,
    CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), '{}');
END;

CREATE TRIGGER keep_model_version BEFORE DELETE ON model_versions BEGIN
  INSERT INTO deleted VALUES ('model_version', OLD.id,
    ifnull((SELECT name FROM models WHERE id = OLD.model_id),
           (SELECT name FROM deleted WHERE kind = 'model' AND id = OLD.model_id))
      || '@' || OLD.major || '.' || OLD.minor || '.' || OLD.patch,
    OLD.model_id, OLD.created_ms, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER),
    json_object('network', OLD.network,
      'accuracy', iif(json_valid(OLD.metrics), json_extract(OLD.metrics, '$.accuracy'), NULL),
      'file', iif(json_valid(OLD.origin), json_extract(OLD.origin, '$.file'), NULL)));
END;

CREATE TRIGGER keep_service BEFORE DELETE ON services BEGIN
  INSERT INTO deleted VALUES ('service', OLD.id, OLD.name, NULL, OLD.created_ms,
    CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER),
    json_object('status', OLD.status));
END;

-- The version of a job that a service answers with, beside model_version_id.
ALTER TABLE services ADD COLUMN version_id INTEGER REFERENCES versions;
CREATE INDEX services_of_version ON services (version_id);

-- What the rows from before tell. A name means the row that has it now only where that one is
-- older than what names it; otherwise it was deleted, and the name was used again.
CREATE TEMP TABLE named (
  child_kind TEXT, child_id INTEGER, relation TEXT, label TEXT, parent_kind TEXT, name TEXT,
  parent_id INTEGER
);
INSERT INTO named SELECT 'version', v.id,
    iif(EXISTS (SELECT 1 FROM version_values s JOIN keys k ON k.id = s.key_id
      WHERE s.version_id = v.id AND k.name = 'inputs.weights_url'
        AND instr(s.value, '/jobs/' || replace(v.parent, '@', '/') || '/') > 0),
      'incremental', 'modify'),
    '', 'version', v.parent,
    (SELECT p.id FROM jobs j JOIN versions p ON p.job_id = j.id
      WHERE j.name = substr(v.parent, 1, instr(v.parent, '@') - 1)
        AND p.number = CAST(substr(v.parent, instr(v.parent, '@') + 2) AS INTEGER) AND p.id < v.id)
  FROM versions v WHERE v.parent <> '';
INSERT INTO named SELECT 'version', v.id, 'input', substr(k.name, 8), 'dataset_version',
    substr(s.value, 11),
    (SELECT p.id FROM datasets d JOIN dataset_versions p ON p.dataset_id = d.id
      WHERE d.name = substr(s.value, 11, instr(s.value, '@') - 11)
        AND p.number = CAST(substr(s.value, instr(s.value, '@') + 2) AS INTEGER)
        AND p.created_ms <= v.created_ms)
  FROM keys k CROSS JOIN jobs j CROSS JOIN version_values s ON s.job_id = j.id AND s.key_id = k.id
  CROSS JOIN versions v ON v.id = s.version_id
  WHERE k.name GLOB 'inputs.*' AND s.value BETWEEN 'dataset://' AND 'dataset://~'
    AND instr(s.value, '@') > 0;
INSERT INTO named SELECT DISTINCT 'version', v.id, 'params', '', 'params',
    substr(json_extract(s.value, '$.source'), 8),
    (SELECT p.id FROM params p WHERE p.name = substr(json_extract(s.value, '$.source'), 8)
      AND p.created_ms <= v.created_ms)
  FROM version_details d JOIN versions v ON v.id = d.version_id,
    json_each(iif(json_valid(d.settings), d.settings, '{}')) s
  WHERE instr(d.settings, '"params ') > 0 AND s.type = 'object'
    AND json_extract(s.value, '$.source') GLOB 'params *';
INSERT INTO named SELECT 'params', c.id, 'saved', '', 'version', c.origin,
    (SELECT p.id FROM jobs j JOIN versions p ON p.job_id = j.id
      WHERE j.name = substr(c.origin, 1, instr(c.origin, '@') - 1)
        AND p.number = CAST(substr(c.origin, instr(c.origin, '@') + 2) AS INTEGER)
        AND p.created_ms <= c.created_ms)
  FROM params c WHERE instr(c.origin, '@') > 0;
INSERT INTO named SELECT 'model_version', c.id, 'model', '', 'version',
    json_extract(c.origin, '$.reference'),
    (SELECT p.id FROM jobs j JOIN versions p ON p.job_id = j.id
      WHERE j.name = json_extract(c.origin, '$.job')
        AND p.number = json_extract(c.origin, '$.number') AND p.created_ms <= c.created_ms)
  FROM model_versions c
  WHERE json_valid(c.origin) AND json_extract(c.origin, '$.kind') = 'version'
    AND json_type(c.origin, '$.reference') = 'text';
-- A replaced algorithm is younger than versions that have it: the records do not tell more.
INSERT INTO named SELECT 'version', v.id, 'algorithm', '', 'algorithm', a.name, a.id
  FROM versions v JOIN algorithms a ON a.name = v.algorithm;
UPDATE services SET version_id = (SELECT p.id FROM jobs j JOIN versions p ON p.job_id = j.id
    WHERE j.name = substr(source, 9, instr(source, '@') - 9)
      AND p.number = CAST(substr(source, instr(source, '@') + 2) AS INTEGER)
      AND p.created_ms <= services.created_ms)
  WHERE source GLOB 'version:*@V*';
INSERT INTO named SELECT 'service', id, 'serves', '', 'model_version', '', model_version_id
  FROM services WHERE model_version_id IS NOT NULL;
INSERT INTO named SELECT 'service', id, 'serves', '', 'version', substr(source, 9), version_id
  FROM services WHERE source GLOB 'version:*@V*';

INSERT INTO deleted SELECT parent_kind, -row_number() OVER (), name, NULL, 0, 0, '{}'
  FROM (SELECT DISTINCT parent_kind, name FROM named WHERE parent_id IS NULL);
INSERT OR IGNORE INTO origins SELECT child_kind, child_id, relation, label, parent_kind,
    ifnull(parent_id, (SELECT d.id FROM deleted d WHERE d.kind = n.parent_kind AND d.name = n.name))
  FROM named n;
DROP TABLE named;
)sql";

}  // namespace mat
