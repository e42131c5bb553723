"""The columns of the tables that AWS documents for its services' logs, which Athena creates as they are printed."""

import pytest

from tests.local_aws.harness import Athena

UG = "https://docs.aws.amazon.com/athena/latest/ug"
REGEX = "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe' WITH SERDEPROPERTIES ('input.regex' = '(.*)')"
OPENX = "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'"
DOCUMENTED = {
    f"{UG}/create-alb-access-logs-table.html": (
        """
        type string, time string, elb string, client_ip string, client_port int, target_ip string, target_port int,
        request_processing_time double, target_processing_time double, response_processing_time double,
        elb_status_code int, target_status_code string, received_bytes bigint, sent_bytes bigint, request_verb string,
        request_url string, request_proto string, user_agent string, ssl_cipher string, ssl_protocol string,
        target_group_arn string, trace_id string, domain_name string, chosen_cert_arn string,
        matched_rule_priority string, request_creation_time string, actions_executed string, redirect_url string,
        lambda_error_reason string, target_port_list string, target_status_code_list string, classification string,
        classification_reason string, conn_trace_id string
        """,
        REGEX,
    ),
    f"{UG}/elasticloadbalancer-classic-logs.html": (
        """
        timestamp string, elb_name string, request_ip string, request_port int, backend_ip string, backend_port int,
        request_processing_time double, backend_processing_time double, client_response_time double,
        elb_response_code string, backend_response_code string, received_bytes bigint, sent_bytes bigint,
        request_verb string, url string, protocol string, user_agent string, ssl_cipher string, ssl_protocol string
        """,
        REGEX,
    ),
    f"{UG}/networkloadbalancer-classic-logs.html": (
        """
        type string, version string, time string, elb string, listener_id string, client_ip string, client_port int,
        target_ip string, target_port int, tcp_connection_time_ms double, tls_handshake_time_ms double,
        received_bytes bigint, sent_bytes bigint, incoming_tls_alert int, cert_arn string, certificate_serial string,
        tls_cipher_suite string, tls_protocol_version string, tls_named_group string, domain_name string,
        alpn_fe_protocol string, alpn_be_protocol string, alpn_client_preference_list string,
        tls_connection_creation_time string
        """,
        REGEX,
    ),
    f"{UG}/create-cloudfront-table-standard-logs.html": (
        """
        `date` DATE, time STRING, x_edge_location STRING, sc_bytes BIGINT, c_ip STRING, cs_method STRING,
        cs_host STRING, cs_uri_stem STRING, sc_status INT, cs_referrer STRING, cs_user_agent STRING,
        cs_uri_query STRING, cs_cookie STRING, x_edge_result_type STRING, x_edge_request_id STRING,
        x_host_header STRING, cs_protocol STRING, cs_bytes BIGINT, time_taken FLOAT, x_forwarded_for STRING,
        ssl_protocol STRING, ssl_cipher STRING, x_edge_response_result_type STRING, cs_protocol_version STRING,
        fle_status STRING, fle_encrypted_fields INT, c_port INT, time_to_first_byte FLOAT,
        x_edge_detailed_result_type STRING, sc_content_type STRING, sc_content_len BIGINT, sc_range_start BIGINT,
        sc_range_end BIGINT
        """,
        "ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t'",
    ),
    f"{UG}/vpc-flow-logs-create-table-statement.html": (
        """
        version int, account_id string, interface_id string, srcaddr string, dstaddr string, srcport int, dstport int,
        protocol bigint, packets bigint, bytes bigint, start bigint, `end` bigint, action string, log_status string,
        vpc_id string, subnet_id string, instance_id string, tcp_flags int, type string, pkt_srcaddr string,
        pkt_dstaddr string, region string, az_id string, sublocation_type string, sublocation_id string,
        pkt_src_aws_service string, pkt_dst_aws_service string, flow_direction string, traffic_path int
        """,
        "PARTITIONED BY (`date` date) ROW FORMAT DELIMITED FIELDS TERMINATED BY ' '",
    ),
    f"{UG}/create-cloudtrail-table.html": (
        """
        eventversion STRING,
        useridentity STRUCT<
            type:STRING, principalid:STRING, arn:STRING, accountid:STRING, invokedby:STRING, accesskeyid:STRING,
            username:STRING,
            onbehalfof: STRUCT< userid: STRING, identitystorearn: STRING>,
            sessioncontext:STRUCT<
                attributes:STRUCT< mfaauthenticated:STRING, creationdate:STRING>,
                sessionissuer:STRUCT< type:STRING, principalid:STRING, arn:STRING, accountid:STRING, username:STRING>,
                ec2roledelivery:string,
                webidfederationdata: STRUCT< federatedprovider: STRING, attributes: map<string,string>>
            >
        >,
        eventtime STRING, eventsource STRING, eventname STRING, awsregion STRING, sourceipaddress STRING,
        useragent STRING, errorcode STRING, errormessage STRING, requestparameters STRING, responseelements STRING,
        additionaleventdata STRING, requestid STRING, eventid STRING,
        resources ARRAY<STRUCT< arn:STRING, accountid:STRING, type:STRING>>,
        eventtype STRING, apiversion STRING, readonly STRING, recipientaccountid STRING, serviceeventdetails STRING,
        sharedeventid STRING, vpcendpointid STRING, vpcendpointaccountid STRING, eventcategory STRING,
        addendum STRUCT< reason:STRING, updatedfields:STRING, originalrequestid:STRING, originaleventid:STRING>
        """,
        "PARTITIONED BY (region string, year string, month string, day string) "
        "ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe' "
        "STORED AS INPUTFORMAT 'com.amazon.emr.cloudtrail.CloudTrailInputFormat' "
        "OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'",
    ),
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-s3-access-logs-to-identify-requests.html": (
        """
        `bucketowner` STRING, `bucket_name` STRING, `requestdatetime` STRING, `remoteip` STRING, `requester` STRING,
        `requestid` STRING, `operation` STRING, `key` STRING, `request_uri` STRING, `httpstatus` STRING,
        `errorcode` STRING, `bytessent` BIGINT, `objectsize` BIGINT, `totaltime` STRING, `turnaroundtime` STRING,
        `referrer` STRING, `useragent` STRING, `versionid` STRING, `hostid` STRING, `sigv` STRING,
        `ciphersuite` STRING, `authtype` STRING, `endpoint` STRING, `tlsversion` STRING
        """,
        REGEX,
    ),
    f"{UG}/create-waf-table.html": (
        """
        `timestamp` bigint, `formatversion` int, `webaclid` string, `terminatingruleid` string,
        `terminatingruletype` string, `action` string,
        `terminatingrulematchdetails` array<struct<
            conditiontype:string, sensitivitylevel:string, location:string, matcheddata:array<string>>>,
        `httpsourcename` string, `httpsourceid` string,
        `httprequest` struct<
            clientip:string, country:string, headers:array<struct<name:string, value:string>>, uri:string,
            args:string, httpversion:string, httpmethod:string, requestid:string>,
        `labels` array<struct<name:string>>, `ja3fingerprint` string, `oversizefields` string,
        `requestbodysize` int, `requestbodysizeinspectedbywaf` int
        """,
        OPENX,
    ),
    f"{UG}/lazy-simple-serde.html": (
        """
        yr INT, quarter INT, month INT, dayofmonth INT, dayofweek INT, flightdate STRING, uniquecarrier STRING,
        airlineid INT, carrier STRING, tailnum STRING, flightnum STRING, originairportid INT
        """,
        "PARTITIONED BY (year STRING) ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' ESCAPED BY '\\\\' "
        "LINES TERMINATED BY '\\n'",
    ),
}


@pytest.mark.parametrize("page", DOCUMENTED)
def test_a_documented_table_is_created(athena: Athena, page: str) -> None:
    columns, clauses = DOCUMENTED[page]
    name = f"logs_{list(DOCUMENTED).index(page)}"
    athena.run(f"CREATE EXTERNAL TABLE IF NOT EXISTS {name} ({columns}) {clauses} LOCATION 's3://{athena.bucket}/l/'")
    made = athena.glue.get_table(DatabaseName=athena.database, Name=name)["Table"]["StorageDescriptor"]["Columns"]
    assert made[0]["Name"] == columns.split()[0].strip("`")
