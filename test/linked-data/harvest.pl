# Harvests an archive with HTTP::OAI, following its resumption tokens: harvest.pl URL VERB [PREFIX [SET]]. Prints JSON.
use strict;
use warnings;
use HTTP::OAI;
use JSON::PP;

my ($url, $verb, $prefix, $set) = @ARGV;
my $harvester = HTTP::OAI::Harvester->new(baseURL => $url);
my $identity = $harvester->Identify;
die $identity->message if $identity->is_error;

my $pages = 0;
$harvester->add_handler(request_send => sub { $pages++; return });
my (@records, @sets);
my $list = $harvester->$verb(
    ($prefix ? (metadataPrefix => $prefix) : ()),
    ($set ? (set => $set) : ()),
    onRecord => sub {
        my ($record) = @_;
        return push @sets, [$record->setSpec, $record->setName] if $verb eq 'ListSets';
        my $metadata = $record->can('metadata') ? $record->metadata : undef;
        push @records, {
            identifier => $record->identifier,
            datestamp  => $record->datestamp,
            isDeleted  => $record->is_deleted ? JSON::PP::true : JSON::PP::false,
            sets       => [map { ref $_ ? $_->text : $_ } $record->can('header') ? $record->header->setSpec : $record->setSpec],
            metadata   => $metadata ? $metadata->dom->toString : '',
        };
    },
);
die $list->code . ' ' . $list->message if $list->is_error;
print JSON::PP->new->utf8->encode({ name => $identity->repositoryName, pages => $pages, records => \@records, sets => \@sets });
