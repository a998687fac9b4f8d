namespace Kopis.Server.Tests.ClientPolicy;

public sealed class ClientNameTests
{
    private const string Client = "192.0.2.9";

    [Theory] // The names of the address, the addresses of the name, and what each rule says.
    [InlineData("h.example", "192.0.2.9", "", "", "")]
    [InlineData("h.example", "192.0.2.1 192.0.2.9", "", "", "")]
    [InlineData("h.example", "192.0.2.1", "550 5.7.25", "451 4.7.25", "name=unproven")]
    [InlineData("h.example", null, "550 5.7.25", "451 4.7.25", "name=unproven")]
    [InlineData(null, null, "550 5.7.25", "451 4.7.25", "name=unproven")]
    [InlineData("?", null, "451 4.7.25", "451 4.7.25", "name=unknown")]
    [InlineData("h.example", "?", "451 4.7.25", "451 4.7.25", "name=unknown")]
    public async Task The_rules(
        string? names, string? addresses, string require, string defer, string tag)
    {
        foreach ((string rule, string verdict) in
            new[] { ("require", require), ("defer", defer), ("tag", tag) })
        {
            using GateCase gate = new($"clientname: {rule}");
            gate.Dns.Table.TryAdd(Client, names ?? "other.example");
            if (addresses is not null)
            {
                gate.Dns.Table["h.example"] = addresses;
            }

            string told = await gate.VerdictAsync(Client);
            string[] parts = verdict.Split(' ');
            Assert.StartsWith(
                rule == "tag" && verdict.Length > 0 ? "X-Client-Check: 192.0.2.9 " : parts[0],
                told, StringComparison.Ordinal);
            Assert.Contains(parts[^1], told, StringComparison.Ordinal);
            Assert.Equal(verdict.Length == 0, told.Length == 0);
        }
    }

    [Fact]
    public async Task A_resolver_that_is_silent_never_refuses_for_good()
    {
        using GateCase gate = new("clientname: require", "dnslisttimeout: 3");
        gate.Dns.Table[Client] = "...";
        Task<string> verdict = gate.VerdictAsync(Client);
        gate.Time.Advance(TimeSpan.FromSeconds(3));
        Assert.StartsWith(
            "451 ", await verdict.WaitAsync(TimeSpan.FromSeconds(30)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_with_many_names_is_not_asked_for_all()
    {
        using GateCase gate = new("clientname: require");
        gate.Dns.Table[Client] =
            string.Join(' ', Enumerable.Range(0, 50).Select(i => $"h{i}.example"));
        gate.Dns.Table["h49.example"] = Client;
        Assert.StartsWith("550 ", await gate.VerdictAsync(Client), StringComparison.Ordinal);
        Assert.Equal(6, gate.Dns.Asked.Count);
    }
}
