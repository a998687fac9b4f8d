using System.Net;
using Kopis.Testing;

namespace Kopis.Remote.Tests;

/// <summary>Who is known to speak QMTP: for an hour, and not of ever more addresses.</summary>
public sealed class QmtpHostsTests
{
    private static readonly IPAddress First = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress Second = IPAddress.Parse("2001:db8::2");

    private readonly ManualTime _time = new();

    [Fact]
    public void What_an_address_did_last_counts_for_an_hour()
    {
        QmtpHosts hosts = new(_time);
        Assert.False(hosts.Serves(First) || hosts.Fails(First));
        hosts.Note(First, serves: true);
        hosts.Note(Second, serves: true);
        hosts.Note(Second, serves: false);
        Assert.True(hosts.Serves(First) && hosts.Fails(Second));
        Assert.False(hosts.Fails(First) || hosts.Serves(Second));
        _time.Advance(TimeSpan.FromMinutes(59));
        Assert.True(hosts.Serves(First) && hosts.Fails(Second));
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.False(hosts.Serves(First) || hosts.Fails(Second));
    }

    [Fact]
    public void The_oldest_goes_where_there_are_many()
    {
        QmtpHosts hosts = new(_time);
        hosts.Note(First, serves: false);
        for (int i = 0; i < 3000; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            hosts.Note(new IPAddress(0x0a00_0000L + i), serves: false);
        }

        Assert.False(hosts.Fails(First));
        Assert.True(hosts.Fails(new IPAddress(0x0a00_0000L + 2999)));
    }
}
