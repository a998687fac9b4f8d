using System.Net;
using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;
using Kopis.Mail.Smtp;
using Kopis.Server.Checks;
using Kopis.Server.ClientPolicy;
using Kopis.Server.Greylist;
using Kopis.Server.Plugins;
using Kopis.Server.Submission;

namespace Kopis.Fuzz.Targets;

/// <summary>Control files that say who may do what: a line misread would let somebody in.</summary>
internal static class PolicyTargets
{
    private static readonly string Home = Scratch.Home(("me", "host.example"));
    private static readonly ControlDirectory Control = new(Path.Combine(Home, "control"));

    /// <summary>What a plugin says, and through it a client: lines for another client, header
    /// fields, variables. Cuts do not matter.</summary>
    internal static void PluginOutputs(byte[] input)
    {
        PluginOutput output = new();
        output.Read(input);
        output.EndInput();
        PluginOutput cut = new();
        foreach (byte[] piece in Must.Pieces(input))
        {
            cut.Read(piece);
        }

        cut.EndInput();
        Must.Hold(
            output.End == cut.End && output.Answer?.Line == cut.Answer?.Line
                && output.Fields.Count == cut.Fields.Count
                && output.Variables.Count == cut.Variables.Count
                && output.Later.Count == cut.Later.Count, "cuts matter");
        Must.Hold(
            output.Answer is null == output.End is not (PluginEnd.Error or PluginEnd.Reject),
            "a reply");
        foreach (SmtpAnswer answer in output.Later.Select(one => one.Answer)
            .Append(output.Answer ?? SmtpReply.Ending))
        {
            byte[] line = answer.ToBytes(enhanced: true).ToArray();
            Must.BeLines(line, "a reply");
            Must.Hold(line[0] is (byte)'4' or (byte)'5', "a reply that refuses nothing");
        }

        foreach (byte[] line in output.Said)
        {
            Must.BePrintable([.. line.Select(one => one == 32 ? (byte)'_' : one)], "a line");
            Must.Hold(line[3] == (byte)'-', "a last line");
        }

        Must.Hold(
            output.Fields.All(one => one.AsSpan().IndexOfAny("\r\n\0"u8) < 0
                && one.Contains((byte)':')), "a field");
        Must.Hold(
            output.Variables.All(one => one.Name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')
                && one.Value?.Contains((byte)0) != true), "a variable");
        Must.Hold(
            output.Address is null || (output.Address.AsSpan().IndexOfAny("\r\n\0"u8) < 0
                && output.Address.Length < SmtpPath.AddressBytesLimit), "an address");
        foreach (string fault in output.Faults)
        {
            Must.BePrintable(Encoding.Latin1.GetBytes(fault), "a fault");
        }
    }

    /// <summary>The file of the greylist: what is read is what was written, and a table made of it
    /// lets nobody in who has not waited.</summary>
    internal static void Greylist(byte[] input)
    {
        const uint now = 1_800_000_000;
        GreyTable table = new();
        List<GreyRecord> records = [];
        int used = GreyRecord.ReadAll(input, record =>
        {
            records.Add(record);
            table.Take(record, now);
        });
        Must.Hold(
            used <= input.Length && input.Length - used < GreyRecord.Bytes
                && records.Count <= input.Length / GreyRecord.Bytes, "bytes");
        Span<byte> written = stackalloc byte[GreyRecord.Bytes];
        foreach (GreyRecord record in records)
        {
            record.WriteTo(written);
            Must.Hold(
                GreyRecord.TryRead(written, out GreyRecord again) && again == record, "a record");
        }

        Must.Hold(table.Count <= records.Count, "more than was read");
        Must.Hold(
            table.Records(now).All(one => one.Time <= now
                && now - one.Time <= GreyTable.KnownSeconds), "a record out of date");
        GreyKeys keys = GreyKeys.Of(IPAddress.Loopback, input, input);
        Must.Hold(table.Judge(keys, now, 300, static _ => { }) == 300, "a stranger");
    }

    /// <summary>control/smtpplugins.</summary>
    internal static void Plugins(byte[] input) => Load("smtpplugins", input, () =>
    {
        PluginList list = PluginList.Load(Control);
        foreach (PluginStage stage in Enum.GetValues<PluginStage>())
        {
            Must.Hold(
                list[stage].All(one => one.Text.Length > 0 && !one.Text.Contains((byte)0)),
                "a plugin");
        }
    });

    /// <summary>A pattern in the first line, and a text that it may fit: what a client says in
    /// HELO, MAIL or RCPT.</summary>
    internal static void Patterns(byte[] input)
    {
        int end = input.AsSpan().IndexOf((byte)'\n');
        ReadOnlySpan<byte> line = end < 0 ? input : input.AsSpan(0, end);
        ReadOnlySpan<byte> text = input.AsSpan(end + 1);
        if (BytePattern.TryParse(line) is { } pattern)
        {
            bool fits = pattern.Matches(text);
            Must.Hold(line.ContainsAnyExcept((byte)'*') || line.IsEmpty || fits, "any text");
            Must.Hold(
                BytePattern.IsPattern(line) || fits == Ascii8.EqualsIgnoreCase(line, text),
                "a plain text");
            Must.Hold(
                !fits || BytePattern.TryParse([.. line, (byte)'*']) is not { } longer
                    || longer.Matches([.. text, 1]), "more text");
        }

        HeloFault form = HeloJudge.JudgeForm(text);
        Must.Hold(
            form == HeloFault.NoName || !text.ContainsAnyExceptInRange((byte)'!', (byte)'~'),
            "a name with odd bytes");
        _ = HeloJudge.JudgeOwner(text, ["us.example"], IPAddress.IsLoopback);
    }

    /// <summary>Lists in DNS and limits of clients: within their bounds, or refused.</summary>
    internal static void Clients(byte[] input)
    {
        foreach (Range range in input.AsSpan().Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = input.AsSpan(range);
            if (DnsListRule.TryParse(line) is { } rule)
            {
                Must.Hold(
                    rule.Weight is not 0 and >= -1000 and <= 1000
                        && rule.Codes.All(code => code.First <= code.Last), "a rule");
                Must.BePrintable(Encoding.Latin1.GetBytes(rule.Zone), "a zone");
                foreach (string client in (string[])["192.0.2.99", "2001:db8::1"])
                {
                    string name = DnsListQuery.NameFor(IPAddress.Parse(client), rule.Zone);
                    Must.Hold(
                        name.EndsWith($".{rule.Zone}", StringComparison.Ordinal), "another zone");
                    _ = rule.IsAbout(IPAddress.Parse(client));
                }

                _ = rule.Counts(IPAddress.Parse("127.0.0.2"));
            }

            if (ClientLimit.TryParse(line) is { } limit)
            {
                Must.Hold(
                    limit.Count is > 0 and <= 1_000_000
                        && limit.Period is not { Ticks: <= 0 }
                        && (limit.Period is not null || limit.Subject == LimitSubject.Connections),
                    "a limit");
            }
        }

        Load("clientlimits", input, () =>
            ClientSettings.LoadLimits(Control, TimeProvider.System));
        Load("dnslists", input, () => ClientSettings.Load(
            Control, () => null!, TimeProvider.System, _ => { }));
        Load("xclients", input, () =>
        {
            bool isIn = NetworkList.Load(Control, SmtpFiles.XClients)
                .Contains(IPAddress.Parse("192.0.2.77"));
            string text = ByteText.ToText(input);
            bool isSaid = text.Contains('/', StringComparison.Ordinal)
                || text.Contains(':', StringComparison.Ordinal)
                || text.Contains("192.0.2.77", StringComparison.Ordinal);
            Must.Hold(!isIn || isSaid, "an address that nobody listed");
        });
    }

    /// <summary>senders: an account sends as itself, and as what a line of its own says.</summary>
    internal static void Senders(byte[] input) => Load("senders", input, () =>
    {
        SenderList list = SenderList.Load(Control);
        foreach (Range range in input.AsSpan().Split((byte)'\n'))
        {
            byte[] line = Ascii8.ToLower(input.AsSpan(range).Trim(" \t"u8));
            int colon = Array.IndexOf(line, (byte)':');
            byte[] account = colon > 0 ? line[..colon] : "joe@d.example"u8.ToArray();
            byte[] address = colon > 0 ? line[(colon + 1)..] : line;
            Judge(list, input, account, address);
            Judge(list, input, "eve@d.example"u8.ToArray(), address);
            Judge(list, input, account, "boss@d.example"u8.ToArray());
        }
    });

    /// <summary>tlspolicy: a destination gets a level that a line says, and no weaker one.
    /// </summary>
    internal static void TlsLevels(byte[] input) => Load("tlspolicy", input, () =>
    {
        TlsPolicies policies = TlsPolicies.Read(Control);
        string text = ByteText.ToText(Ascii8.ToLower(input));
        foreach (string domain in (string[])["a.b.example", "b.example", "example", "", "."])
        {
            TlsPolicy policy = policies.Find(ByteText.ToBytes(domain));
            string word = policy.Level.ToString().ToLowerInvariant();
            Must.Hold(
                policy.Level == TlsLevel.May || policy.Fault is not null
                    || text.Contains($":{word}", StringComparison.Ordinal), "a level nobody said");
            Must.Hold(
                policy.Names.Count == 0 || policy.Level == TlsLevel.Verify, "names of no use");
            Must.Hold(policy.Names.All(name => name.Length > 0), "an empty name");
        }

        // A line of its own is stronger than all others.
        File.WriteAllBytes(
            Path.Combine(Control.Directory, "tlspolicy"),
            [.. "own.example:verify\n"u8, .. input]);
        Must.Hold(
            TlsPolicies.Read(Control).Find("OWN.example"u8).Level == TlsLevel.Verify, "weaker");
    });

    private static void Judge(SenderList list, byte[] input, byte[] account, byte[] address)
    {
        if (!list.Allows(account, address, "host.example"u8))
        {
            return;
        }

        int at = address.AsSpan().LastIndexOf((byte)'@');
        byte[] own = account.AsSpan().Contains((byte)'@')
            ? account : [.. account, .. "@host.example"u8];
        int ownAt = own.AsSpan().LastIndexOf((byte)'@');
        bool isOwn = at >= 0 && own.AsSpan(ownAt).SequenceEqual(address.AsSpan(at))
            && address.Length > ownAt && address.AsSpan().StartsWith(own.AsSpan(0, ownAt))
            && address[ownAt] is (byte)'-' or (byte)'@';
        byte[] all = Ascii8.ToLower(input);
        bool isSaid = Has(all, [.. account, .. ":*"u8])
            || Has(all, [.. account, (byte)':', .. address])
            || (at >= 0 && Has(all, [.. account, (byte)':', .. address.AsSpan(at)]));
        Must.Hold(address.Length == 0 || isOwn || isSaid, "somebody else's address");
    }

    private static bool Has(byte[] text, byte[] part) => text.AsSpan().IndexOf(part) >= 0;

    private static void Load(string name, byte[] input, Action use)
    {
        string path = Path.Combine(Control.Directory, name);
        File.WriteAllBytes(path, input);
        try
        {
            use();
        }
        catch (ConfigurationException e)
        {
            Must.BePrintable(Encoding.Latin1.GetBytes(e.Message), "a reason");
        }
        finally
        {
            File.Delete(path);
        }
    }
}
