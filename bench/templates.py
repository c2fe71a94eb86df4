"""The Terraform that generated trees are made of, as an ordinary team writes it.

`<i>` is the number of a group, `<flag>` mostly true, `<days>` a retention, `<key>` a reference to some key of the root,
`<tenant>` a tenant's name. Each group stands with the number of resources that it declares.
"""

from __future__ import annotations

VERSIONS = """\
terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.80"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = { product = "records", managed-by = "terraform" }
  }
}
"""

VARIABLES = """\
variable "region" {
  description = "Where everything runs"
  type        = string
  default     = "eu-central-1"
}

variable "prefix" {
  description = "First part of every name"
  type        = string
  default     = "<stack>"
}

variable "zones" {
  description = "Letters of the availability zones"
  type        = list(string)
  default     = ["a", "b"]
}

variable "ports" {
  description = "Ports that the load balancers answer on"
  type        = map(number)
  default     = { https = 443 }
}
"""

LOCALS = """\
locals {
  common = { environment = "production", stack = var.prefix }
  zones  = { for index, letter in var.zones : letter => index }
  cidr   = "10.20.0.0/16"

  tenants = {
<tenants>
  }
}
"""

NETWORK = (
    7,
    """\
resource "aws_vpc" "main" {
  cidr_block           = local.cidr
  enable_dns_hostnames = true
  tags                 = merge(local.common, { Name = "${var.prefix}-main" })
}

resource "aws_subnet" "private" {
  for_each = local.zones

  vpc_id                  = aws_vpc.main.id
  cidr_block              = cidrsubnet(local.cidr, 8, each.value)
  availability_zone       = "${var.region}${each.key}"
  map_public_ip_on_launch = false
  tags                    = local.common
}

resource "aws_default_security_group" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_flow_log" "main" {
  vpc_id          = aws_vpc.main.id
  traffic_type    = "ALL"
  log_destination = aws_cloudwatch_log_group.flow.arn
  iam_role_arn    = aws_iam_role.flow.arn
}

resource "aws_cloudwatch_log_group" "flow" {
  name              = "/${var.prefix}/flow"
  retention_in_days = 365
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["vpc-flow-logs.amazonaws.com", "ecs-tasks.amazonaws.com", "lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "flow" {
  name               = "${var.prefix}-flow"
  assume_role_policy = data.aws_iam_policy_document.assume.json
}
""",
)

KEYS = (
    2,
    """\
resource "aws_kms_key" "key_<i>" {
  description         = "Key <i>"
  enable_key_rotation = <flag>
  tags                = merge(local.common, { tenant = "<tenant>" })

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Administration"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::123456789012:root" }
      Action    = "kms:*"
      Resource  = "*"
    }]
  })
}

resource "aws_kms_alias" "key_<i>" {
  name          = "alias/${var.prefix}-<i>"
  target_key_id = aws_kms_key.key_<i>.key_id
}
""",
)

DOCUMENTS = (
    6,
    """\
resource "aws_s3_bucket" "documents_<i>" {
  bucket = "${var.prefix}-documents-<i>"
  tags   = merge(local.common, { tenant = "<tenant>" })
}

resource "aws_s3_bucket_versioning" "documents_<i>" {
  bucket = aws_s3_bucket.documents_<i>.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "documents_<i>" {
  bucket = aws_s3_bucket.documents_<i>.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = <key>
    }
  }
}

resource "aws_s3_bucket_public_access_block" "documents_<i>" {
  bucket                  = aws_s3_bucket.documents_<i>.id
  block_public_acls       = <flag>
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = <flag>
}

data "aws_iam_policy_document" "documents_<i>" {
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.documents_<i>.arn, "${aws_s3_bucket.documents_<i>.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "documents_<i>" {
  bucket = aws_s3_bucket.documents_<i>.id
  policy = data.aws_iam_policy_document.documents_<i>.json
}

resource "aws_s3_bucket_lifecycle_configuration" "documents_<i>" {
  bucket = aws_s3_bucket.documents_<i>.id

  rule {
    id     = "archive"
    status = "Enabled"

    transition {
      days          = 90
      storage_class = "GLACIER"
    }
  }
}
""",
)

DATABASES = (
    7,
    """\
resource "aws_rds_cluster" "records_<i>" {
  cluster_identifier              = "${var.prefix}-records-<i>"
  engine                          = "aurora-postgresql"
  engine_version                  = "16.4"
  db_subnet_group_name            = aws_db_subnet_group.records_<i>.name
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.records_<i>.name
  vpc_security_group_ids          = [aws_security_group.records_<i>.id]
  storage_encrypted               = <flag>
  kms_key_id                      = <key>
  backup_retention_period         = 35
  deletion_protection             = <flag>
  enabled_cloudwatch_logs_exports = ["postgresql"]
  manage_master_user_password     = true
  master_username                 = "owner"
  tags                            = merge(local.common, { tenant = "<tenant>" })
}

resource "aws_rds_cluster_instance" "records_<i>" {
  count = 2

  identifier          = "${var.prefix}-records-<i>-${count.index}"
  cluster_identifier  = aws_rds_cluster.records_<i>.id
  engine              = aws_rds_cluster.records_<i>.engine
  instance_class      = "db.r6g.large"
  publicly_accessible = false
  tags                = local.common
}

resource "aws_rds_cluster_parameter_group" "records_<i>" {
  name   = "${var.prefix}-records-<i>"
  family = "aurora-postgresql16"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  parameter {
    name  = "pgaudit.log"
    value = "ddl,role,write"
  }
}

resource "aws_db_subnet_group" "records_<i>" {
  name       = "${var.prefix}-records-<i>"
  subnet_ids = [for subnet in aws_subnet.private : subnet.id]
}

resource "aws_security_group" "records_<i>" {
  name        = "${var.prefix}-records-<i>"
  description = "Database <i>"
  vpc_id      = aws_vpc.main.id
}

resource "aws_vpc_security_group_ingress_rule" "records_<i>" {
  security_group_id = aws_security_group.records_<i>.id
  description       = "Application"
  cidr_ipv4         = local.cidr
  ip_protocol       = "tcp"
  from_port         = 5432
  to_port           = 5432
}
""",
)

MESSAGING = (
    5,
    """\
resource "aws_sqs_queue" "events_<i>" {
  name                       = "${var.prefix}-events-<i>"
  kms_master_key_id          = <key>
  visibility_timeout_seconds = 120
  redrive_policy             = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead_<i>.arn, maxReceiveCount = 5 })
  tags                       = merge(local.common, { tenant = "<tenant>" })
}

resource "aws_sqs_queue" "dead_<i>" {
  name                    = "${var.prefix}-dead-<i>"
  sqs_managed_sse_enabled = <flag>
}

resource "aws_sqs_queue_policy" "events_<i>" {
  queue_url = aws_sqs_queue.events_<i>.id

  policy = <<-JSON
    {
      "Version": "2012-10-17",
      "Statement": [{
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "${aws_sqs_queue.events_<i>.arn}",
        "Condition": {"ArnEquals": {"aws:SourceArn": "${aws_sns_topic.events_<i>.arn}"}}
      }]
    }
  JSON
}

resource "aws_sns_topic" "events_<i>" {
  name              = "${var.prefix}-events-<i>"
  kms_master_key_id = <key>
}

resource "aws_sns_topic_subscription" "events_<i>" {
  topic_arn = aws_sns_topic.events_<i>.arn
  protocol  = "sqs"
  endpoint  = aws_sqs_queue.events_<i>.arn
}
""",
)

SERVICES = (
    9,
    """\
resource "aws_lb" "service_<i>" {
  name                       = "${var.prefix}-<i>"
  internal                   = true
  drop_invalid_header_fields = <flag>
  subnets                    = [for subnet in aws_subnet.private : subnet.id]
  security_groups            = [aws_security_group.service_<i>.id]
  tags                       = local.common
}

resource "aws_lb_listener" "service_<i>" {
  load_balancer_arn = aws_lb.service_<i>.arn
  port              = var.ports["https"]
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = "arn:aws:acm:eu-central-1:123456789012:certificate/<uuid>"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.service_<i>.arn
  }
}

resource "aws_lb_target_group" "service_<i>" {
  name        = "${var.prefix}-<i>"
  port        = 8443
  protocol    = "HTTPS"
  target_type = "ip"
  vpc_id      = aws_vpc.main.id
}

resource "aws_security_group" "service_<i>" {
  name   = "${var.prefix}-service-<i>"
  vpc_id = aws_vpc.main.id

  dynamic "ingress" {
    for_each = var.ports

    content {
      description = "In: ${ingress.key}"
      from_port   = ingress.value
      to_port     = ingress.value
      protocol    = "tcp"
      cidr_blocks = [local.cidr]
    }
  }
}

resource "aws_ecs_task_definition" "service_<i>" {
  family                   = "${var.prefix}-<i>"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 512
  memory                   = 1024
  execution_role_arn       = aws_iam_role.service_<i>.arn

  container_definitions = jsonencode([{
    name                   = "app"
    image                  = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/app:<i>"
    essential              = true
    readonlyRootFilesystem = <flag>
    portMappings           = [{ containerPort = 8443 }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group  = aws_cloudwatch_log_group.service_<i>.name
        awslogs-region = var.region
      }
    }
  }])
}

resource "aws_ecs_service" "service_<i>" {
  name            = "${var.prefix}-<i>"
  task_definition = aws_ecs_task_definition.service_<i>.arn
  desired_count   = 2
  launch_type     = "FARGATE"

  network_configuration {
    subnets          = [for subnet in aws_subnet.private : subnet.id]
    security_groups  = [aws_security_group.service_<i>.id]
    assign_public_ip = false
  }
}

resource "aws_cloudwatch_log_group" "service_<i>" {
  name              = "/${var.prefix}/service-<i>"
  retention_in_days = <days>
  kms_key_id        = <key>
}

resource "aws_iam_role" "service_<i>" {
  name               = "${var.prefix}-service-<i>"
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy" "service_<i>" {
  role = aws_iam_role.service_<i>.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["s3:GetObject", "s3:PutObject"], Resource = "arn:aws:s3:::${var.prefix}-<i>/*" },
      { Effect = "Allow", Action = "logs:PutLogEvents", Resource = "${aws_cloudwatch_log_group.service_<i>.arn}:*" },
    ]
  })
}
""",
)

SESSIONS = (
    3,
    """\
resource "aws_dynamodb_table" "sessions_<i>" {
  name         = "${var.prefix}-sessions-<i>"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  tags         = merge(local.common, { tenant = "<tenant>" })

  attribute {
    name = "id"
    type = "S"
  }

  server_side_encryption {
    enabled     = <flag>
    kms_key_arn = <key>
  }

  point_in_time_recovery {
    enabled = <flag>
  }
}

resource "aws_elasticache_replication_group" "sessions_<i>" {
  replication_group_id       = "${var.prefix}-<i>"
  description                = "Sessions <i>"
  engine                     = "redis"
  node_type                  = "cache.r7g.large"
  num_cache_clusters         = 2
  automatic_failover_enabled = true
  at_rest_encryption_enabled = <flag>
  transit_encryption_enabled = <flag>
  kms_key_id                 = <key>
}

resource "aws_cloudwatch_log_group" "sessions_<i>" {
  name              = "/${var.prefix}/sessions-<i>"
  retention_in_days = <days>
}
""",
)

FUNCTIONS = (
    5,
    """\
resource "aws_lambda_function" "function_<i>" {
  function_name = "${var.prefix}-function-<i>"
  role          = aws_iam_role.function_<i>.arn
  runtime       = "python3.12"
  handler       = "app.handler"
  filename      = "build/function-<i>.zip"
  kms_key_arn   = <key>

  environment {
    variables = {
      QUEUE = "https://sqs.${var.region}.amazonaws.com/123456789012/${var.prefix}-<i>"
      LEVEL = "info"
    }
  }

  vpc_config {
    subnet_ids         = values(aws_subnet.private)[*].id
    security_group_ids = [aws_default_security_group.main.id]
  }
}

resource "aws_lambda_permission" "function_<i>" {
  statement_id  = "Events"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.function_<i>.function_name
  principal     = "events.amazonaws.com"
}

resource "aws_iam_role" "function_<i>" {
  name               = "${var.prefix}-function-<i>"
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy_attachment" "function_<i>" {
  role       = aws_iam_role.function_<i>.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"
}

resource "aws_cloudwatch_log_group" "function_<i>" {
  name              = "/aws/lambda/${aws_lambda_function.function_<i>.function_name}"
  retention_in_days = <days>
  kms_key_id        = <key>
}
""",
)

LOG_GROUPS = (
    1,
    """\
resource "aws_cloudwatch_log_group" "jobs_<i>" {
  name              = "/${var.prefix}/jobs-<i>"
  retention_in_days = <days>
  kms_key_id        = <key>
}
""",
)

TENANTS = """\
module "tenant" {
  source   = "<modules>/tenant"
  for_each = local.tenants

  prefix     = var.prefix
  tenant     = each.key
  retention  = each.value.retention
  encrypted  = each.value.encrypted
  vpc_id     = aws_vpc.main.id
  subnet_ids = [for subnet in aws_subnet.private : subnet.id]
}
"""

TENANT = '    "<tenant>" = { retention = <days>, encrypted = <flag> }'

TENANT_MODULE = (
    8,
    """\
variable "prefix" { type = string }
variable "tenant" { type = string }
variable "retention" { type = number }
variable "encrypted" { type = bool }
variable "vpc_id" { type = string }
variable "subnet_ids" { type = list(string) }

locals {
  name = "${var.prefix}-${var.tenant}"
  tags = { tenant = var.tenant }
}

resource "aws_kms_key" "this" {
  description         = "Key of ${var.tenant}"
  enable_key_rotation = true
  tags                = local.tags
}

resource "aws_kms_alias" "this" {
  name          = "alias/${local.name}"
  target_key_id = aws_kms_key.this.key_id
}

resource "aws_db_instance" "this" {
  count = 2

  identifier              = "${local.name}-${count.index}"
  engine                  = "postgres"
  instance_class          = "db.t4g.medium"
  storage_encrypted       = var.encrypted
  kms_key_id              = var.encrypted ? aws_kms_key.this.arn : null
  backup_retention_period = 35
  db_subnet_group_name    = aws_db_subnet_group.this.name
  vpc_security_group_ids  = [aws_security_group.this.id]
  tags                    = local.tags
}

resource "aws_db_subnet_group" "this" {
  name       = local.name
  subnet_ids = var.subnet_ids
}

resource "aws_security_group" "this" {
  name   = local.name
  vpc_id = var.vpc_id
}

resource "aws_security_group_rule" "this" {
  for_each = { app = 5432 }

  type              = "ingress"
  security_group_id = aws_security_group.this.id
  from_port         = each.value
  to_port           = each.value
  protocol          = "tcp"
  cidr_blocks       = ["10.0.0.0/8"]
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/${local.name}/records"
  retention_in_days = var.retention
  kms_key_id        = aws_kms_key.this.arn
  tags              = local.tags
}

module "documents" {
  source = "../store"

  name        = "${local.name}-documents"
  kms_key_arn = aws_kms_key.this.arn
  tags        = local.tags
}
""",
)

STORE_MODULE = (
    5,
    """\
variable "name" { type = string }
variable "kms_key_arn" { type = string }
variable "tags" { type = map(string) }

resource "aws_s3_bucket" "this" {
  bucket = var.name
  tags   = var.tags
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

data "aws_iam_policy_document" "this" {
  statement {
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.this.arn, "${aws_s3_bucket.this.arn}/*"]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id
  policy = data.aws_iam_policy_document.this.json
}
""",
)
