using Kopis.Server.ClientPolicy;
using Kopis.Testing;

namespace Kopis.Server.Tests.ClientPolicy;

public sealed class ClientLimitTests
{
    private static readonly byte[] Joe = "joe"u8.ToArray();

    [Fact]
    public async Task Connections_at_one_time()
    {
        using GateCase gate = new("clientlimits: connections:address:2 connections:network:3");
        ClientState one = await gate.AdmitAsync("192.0.2.1");
        ClientState two = await gate.AdmitAsync("192.0.2.1");
        string over = "421 sorry, too many connections from you, try again later (#4.7.0)";
        Assert.Equal(over, await gate.VerdictAsync("192.0.2.1"));
        Assert.Contains("421 too many connections of 192.0.2.1", gate.Log);
        ClientState other = await gate.AdmitAsync("192.0.2.2");
        Assert.Null(other.TurnedAway);
        Assert.Equal(over, await gate.VerdictAsync("192.0.2.3"));
        Assert.Contains("421 too many connections of 192.0.2.0/24", gate.Log);
        Assert.Equal("", await gate.VerdictAsync("192.0.3.1"));
        one.Dispose();
        one.Dispose(); // Counted once.
        Assert.Equal("", await gate.VerdictAsync("192.0.2.1"));
        two.Dispose();
        other.Dispose();
    }

    [Theory]
    [InlineData("2001:db8::1", "2001:db8::ffff:1", true)]
    [InlineData("2001:db8::1", "2001:db8:0:1::1", false)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.2", true)]
    public async Task A_network_of_ipv6_has_64_bits(string first, string second, bool same)
    {
        using GateCase gate = new("clientlimits: connections:network:1");
        using ClientState one = await gate.AdmitAsync(first);
        using ClientState two = await gate.AdmitAsync(second);
        Assert.Equal(same, two.TurnedAway is not null);
    }

    [Fact]
    public async Task A_rate_of_connections()
    {
        using GateCase gate = new("clientlimits: connections:address:3/60");
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal("", await gate.VerdictAsync("192.0.2.1"));
        }

        Assert.StartsWith("421 ", await gate.VerdictAsync("192.0.2.1"), StringComparison.Ordinal);
        gate.Time.Advance(TimeSpan.FromSeconds(20)); // One in 20 seconds is earned back.
        Assert.Equal("", await gate.VerdictAsync("192.0.2.1"));
        Assert.StartsWith("421 ", await gate.VerdictAsync("192.0.2.1"), StringComparison.Ordinal);
        gate.Time.Advance(TimeSpan.FromSeconds(3600)); // And no more than all three.
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal("", await gate.VerdictAsync("192.0.2.1"));
        }

        Assert.StartsWith("421 ", await gate.VerdictAsync("192.0.2.1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Messages_and_recipients_of_all_sessions_of_an_address()
    {
        using GateCase gate = new(
            "clientlimits: messages:address:2/60 recipients:address:3/60");
        using ClientState one = await gate.AdmitAsync("192.0.2.1");
        using ClientState two = await gate.AdmitAsync("192.0.2.1");
        using ClientState other = await gate.AdmitAsync("192.0.2.2");
        Assert.Null(one.CountMessage(null));
        Assert.Null(two.CountMessage(null));
        Assert.Equal("450 sorry, too many messages from you, try again later (#4.7.1)",
            GateCase.Text(one.CountMessage(null)));
        Assert.Null(other.CountMessage(null));
        Assert.Equal([true, true, true, false],
            Enumerable.Range(0, 4).Select(
                i => (i % 2 == 0 ? one : two).CountRecipient(null) is null));
        gate.Time.Advance(TimeSpan.FromSeconds(30));
        Assert.Null(two.CountMessage(null));
    }

    [Fact]
    public async Task A_user_is_counted_wherever_he_is()
    {
        using GateCase gate = new("clientlimits: recipients:user:2/60");
        using ClientState one = await gate.AdmitAsync("192.0.2.1");
        using ClientState two = await gate.AdmitAsync("198.51.100.1");
        Assert.Null(one.CountRecipient(Joe));
        Assert.Null(two.CountRecipient("JOE"u8.ToArray()));
        Assert.NotNull(one.CountRecipient(Joe));
        Assert.Contains("450 too many recipients of joe", gate.Log);
        Assert.Null(one.CountRecipient("ann"u8.ToArray()));
        Assert.Null(one.CountRecipient(null));
    }

    [Fact]
    public async Task What_a_user_sends_in_an_hour_is_limited_wherever_he_comes_from()
    {
        using GateCase gate = new("submissionrate: 2", "submissionrecipients: 3");
        using ClientState one = await gate.AdmitAsync("192.0.2.1");
        using ClientState letAlone = await gate.AdmitAsync("192.0.2.2", "RBLSMTPD=");
        Assert.Null(one.CountMessage(Joe));
        Assert.Null(letAlone.CountMessage(Joe));
        Assert.Equal("450", letAlone.CountMessage(Joe)?.Line[..3]);
        Assert.Equal("450", one.CountMessage(Joe)?.Line[..3]);
        Assert.All(Enumerable.Range(0, 3), _ => Assert.Null(letAlone.CountRecipient(Joe)));
        Assert.Equal("450", one.CountRecipient(Joe)?.Line[..3]);
        Assert.Null(letAlone.CountMessage(null));
        gate.Time.Advance(TimeSpan.FromMinutes(30));
        Assert.Null(one.CountMessage(Joe));
    }

    [Fact]
    public async Task A_user_may_send_300_messages_in_an_hour_where_no_file_says_else()
    {
        using GateCase gate = new("submissionrecipients: 0");
        using ClientState standing = await gate.AdmitAsync("192.0.2.1");
        Assert.All(Enumerable.Range(0, 300), _ => Assert.Null(standing.CountMessage(Joe)));
        Assert.NotNull(standing.CountMessage(Joe));
        Assert.All(Enumerable.Range(0, 2001), _ => Assert.Null(standing.CountRecipient(Joe)));
    }

    [Fact]
    public async Task Errors_end_the_session_and_the_next_ones()
    {
        using GateCase gate = new("clientlimits: errors:address:3/60");
        using ClientState one = await gate.AdmitAsync("192.0.2.1");
        Assert.Null(one.CountError(null));
        Assert.Null(one.CountError(null));
        Assert.Equal("421 sorry, too many errors from you, try again later (#4.7.0)",
            GateCase.Text(one.CountError(null)));
        Assert.StartsWith("421 ", await gate.VerdictAsync("192.0.2.1"), StringComparison.Ordinal);
        Assert.Equal("", await gate.VerdictAsync("192.0.2.2"));
        for (int i = 0; i < 100; i++)
        {
            one.CountError(null); // More than the limit is not held against it for longer.
        }

        gate.Time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal("", await gate.VerdictAsync("192.0.2.1"));
    }

    [Fact]
    public void A_flood_of_addresses_takes_a_bounded_table_and_leaves_its_network_known()
    {
        ManualTime time = new();
        UseTables tables = new(
            [
                new ClientLimit(LimitSubject.Messages, LimitScope.Address, 1, TimeSpan.FromDays(1)),
                new ClientLimit(
                    LimitSubject.Messages, LimitScope.Network, 2 * UseTables.RecordsMax,
                    TimeSpan.FromDays(1)),
            ], time);
        int taken = 0;
        for (int i = 0; i < 3 * UseTables.RecordsMax; i++)
        {
            taken += tables.TryUse(
                LimitSubject.Messages, new ClientKeys($"2001:db8::{i:x}", "2001:db8::/64", null))
                is null ? 1 : 0;
        }

        Assert.Equal(2 * UseTables.RecordsMax, taken);
    }

    [Fact]
    public void The_longest_unused_is_forgotten_but_not_what_is_in_use()
    {
        RecentMap<int, int> map = new(3, static value => value < 0);
        map.Set(1, -1);
        map.Set(2, 20);
        map.Set(3, 30);
        Assert.True(map.TryGet(2, out _));
        map.Set(4, 40);
        Assert.Equal(3, map.Count);
        Assert.False(map.TryGet(3, out _));
        Assert.True(map.TryGet(1, out int one) && one == -1);
        map.Set(2, -2);
        map.Set(4, -4);
        map.Set(5, 50); // All in use: it is bounded all the same.
        Assert.Equal(3, map.Count);
        Assert.True(map.TryGet(5, out _));
    }
}
