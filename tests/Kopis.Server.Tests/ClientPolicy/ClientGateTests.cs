using Kopis.Server.ClientPolicy;

namespace Kopis.Server.Tests.ClientPolicy;

public sealed class ClientGateTests
{
    private const string Client = "192.0.2.9";

    [Fact]
    public async Task Without_control_files_nothing_is_asked_and_nobody_waits()
    {
        using GateCase gate = new();
        Assert.Equal("", await gate.VerdictAsync(Client));
        Assert.Empty(gate.Dns.Asked);
    }

    [Theory] // RELAYCLIENT is asked nothing; empty RBLSMTPD, or no address, is let alone.
    [InlineData(Client, "RELAYCLIENT=", 0, 1)]
    [InlineData(Client, "RBLSMTPD=", 0, 0)]
    [InlineData(Client, "RBLSMTPD=Go away", 2, 1)] // That one is for rblsmtpd.
    [InlineData(null, "A=b", 0, 0)]
    public async Task Whom_nothing_concerns(string? client, string variable, int asked, int counted)
    {
        using GateCase gate = new(
            "dnslists: a.example", "clientname: require", "clientlimits: connections:address:1");
        using ClientState first = await gate.AdmitAsync(client, variable);
        Assert.Null(first.TurnedAway);
        Assert.Equal(asked, gate.Dns.Asked.Count);
        using ClientState second = await gate.AdmitAsync(client, variable);
        Assert.Equal(counted == 1, second.TurnedAway is not null);
    }

    [Fact]
    public async Task A_client_that_waits_is_let_in()
    {
        using GateCase gate = new("greetdelay: 4");
        Task<ClientState> meeting = gate.AdmitAsync(Client);
        gate.Time.Advance(TimeSpan.FromSeconds(3.9));
        Assert.False(meeting.IsCompleted);
        gate.Time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Null((await meeting.WaitAsync(TimeSpan.FromSeconds(30))).TurnedAway);
    }

    [Theory, InlineData("before"), InlineData("while")]
    public async Task An_early_talker_is_turned_away(string when)
    {
        using GateCase gate = new("greetdelay: 4");
        if (when == "before")
        {
            await gate.Client.WriteAsync("EHLO x\r\n"u8.ToArray());
        }

        Task<ClientState> meeting = gate.AdmitAsync(Client);
        if (when == "while")
        {
            Assert.False(meeting.IsCompleted);
            await gate.Client.WriteAsync("E"u8.ToArray());
        }

        ClientState standing = await meeting.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal("554 sorry, you must wait for my greeting (#5.5.0)",
            GateCase.Text(standing.TurnedAway));
        Assert.Contains($"0 {Client}: 554 ", Assert.Single(gate.Log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lists_are_asked_while_it_waits()
    {
        using GateCase gate = new("greetdelay: 4", "dnslists: a.example", "dnslisttimeout: 5");
        gate.List(Client, "a.example", "...");
        Task<string> verdict = gate.VerdictAsync(Client);
        gate.Time.Advance(TimeSpan.FromSeconds(4));
        await Task.Yield();
        gate.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("", await verdict.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Theory]
    [InlineData("greetdelay: 4")]
    [InlineData("dnslists: a.example")]
    public async Task A_listener_that_ends_does_not_wait(string file)
    {
        using GateCase gate = new(file);
        gate.List(Client, "a.example", "...");
        Task<string> verdict = gate.VerdictAsync(Client);
        Assert.False(verdict.IsCompleted);
        await gate.Stop.CancelAsync();
        Assert.Equal("421 going down (#4.3.2)", await verdict.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task Files_are_read_again_when_they_change()
    {
        using GateCase gate = new("dnslists: a.example");
        gate.List(Client, "b.example", "127.0.0.2");
        Assert.Equal("", await gate.VerdictAsync(Client));
        gate.Write("dnslists", "b.example a.example");
        gate.Time.Advance(TimeSpan.FromSeconds(1)); // Files are not looked at all the time.
        Assert.StartsWith("550 ", await gate.VerdictAsync(Client), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Recipients_and_errors_over_the_count_are_slowed_down()
    {
        using GateCase gate = new("tarpitcount: 2", "tarpitdelay: 9");
        using ClientState standing = await gate.AdmitAsync(Client);
        List<int> delays = [];
        for (int i = 0; i < 4; i++)
        {
            _ = i % 2 == 0 ? standing.CountRecipient(null) : standing.CountError(null);
            delays.Add((int)standing.NextDelay().TotalSeconds);
        }

        Assert.Equal([0, 0, 9, 9], delays);
        Assert.Equal(TimeSpan.Zero, standing.Delay);
    }
}
