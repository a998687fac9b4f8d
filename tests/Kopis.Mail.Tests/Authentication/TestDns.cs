using System.Net;
using Kopis.Mail.Authentication;

namespace Kopis.Mail.Tests.Authentication;

/// <summary>A DNS of the test's own, which counts what it is asked.</summary>
internal sealed class TestDns : IAuthenticationDns
{
    private readonly Dictionary<(string Type, string Name), List<string>> _records = [];
    private readonly HashSet<string> _names = [];
    private readonly HashSet<string> _silent = [];

    internal int Questions { get; private set; }

    internal List<string> Asked { get; } = [];

    internal TestDns Add(string type, string name, params string[] records)
    {
        name = name.ToLowerInvariant();
        if (!_records.TryGetValue((type, name), out List<string>? list))
        {
            _records[(type, name)] = list = [];
        }

        list.AddRange(records);
        for (string at = name; at.Length > 0; at = Parent(at))
        {
            _names.Add(at);
        }

        return this;
    }

    internal bool Has(string type, string name) =>
        _records.ContainsKey((type, name.ToLowerInvariant()));

    /// <summary>It does not answer for this name; for one type of it with a type.</summary>
    internal TestDns Silent(string name, string type = "")
    {
        _silent.Add(type + " " + name.ToLowerInvariant());
        return this;
    }

    public ValueTask<DnsRecords<string>> FindTextsAsync(string name, CancellationToken stop) =>
        ValueTask.FromResult(Find("TXT", name, text => text));

    public ValueTask<DnsRecords<IPAddress>> FindAddressesAsync(
        string name, bool isIPv6, CancellationToken stop) =>
        ValueTask.FromResult(Find(isIPv6 ? "AAAA" : "A", name, IPAddress.Parse));

    public ValueTask<DnsRecords<string>> FindExchangersAsync(
        string name, CancellationToken stop) =>
        ValueTask.FromResult(Find("MX", name, text => text));

    public ValueTask<DnsRecords<string>> FindNamesAsync(
        IPAddress address, CancellationToken stop) =>
        ValueTask.FromResult(Find("PTR", address.ToString(), text => text));

    private DnsRecords<T> Find<T>(string type, string name, Func<string, T> read)
    {
        Questions++;
        Asked.Add($"{type} {name}");
        name = name.ToLowerInvariant();
        for (int aliases = 0; aliases < 10; aliases++)
        {
            if (_silent.Contains(" " + name) || _silent.Contains(type + " " + name))
            {
                return new DnsRecords<T>(DnsOutcome.Temporary);
            }

            if (_records.TryGetValue((type, name), out List<string>? records))
            {
                return new DnsRecords<T>([.. records.Select(read)]);
            }

            if (!_records.TryGetValue(("CNAME", name), out List<string>? alias))
            {
                break;
            }

            name = alias[0].ToLowerInvariant();
        }

        return new DnsRecords<T>(
            _names.Contains(name) ? DnsOutcome.NoRecords : DnsOutcome.NoSuchName);
    }

    private static string Parent(string name)
    {
        int dot = name.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? "" : name[(dot + 1)..];
    }
}
