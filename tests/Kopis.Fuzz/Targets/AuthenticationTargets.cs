using System.Buffers;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Kopis.Base;
using Kopis.Config.Maps;
using Kopis.Mail.Authentication;
using Kopis.Mail.Authentication.Dkim;
using Kopis.Mail.Authentication.Dmarc;
using Kopis.Mail.Authentication.Results;
using Kopis.Mail.Authentication.Spf;
using Kopis.Mail.Authentication.Srs;

namespace Kopis.Fuzz.Targets;

/// <summary>What senders and their domains say of themselves: signatures, keys, policies.</summary>
internal static class AuthenticationTargets
{
    private const int SpfQuestionsMax = 123;
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);
    private static readonly SenderRewriting Rewriting = new([[1, 2, 3]], "us.example"u8);

    /// <summary>A list of tags: what is read strictly is read leniently too, and the same.
    /// </summary>
    internal static void Tags(byte[] input)
    {
        TagList? lenient = TagList.ParseLeniently(input);
        if (TagList.Parse(input) is { } strict)
        {
            Must.Hold(lenient is not null && lenient.First == strict.First, "another list");
            foreach (string name in (string[])["v", "a", "b", "bh", "p", "x"])
            {
                Must.Equal(strict[name], lenient![name], name);
                (int start, int length) = strict.PlaceOf(name).GetOffsetAndLength(input.Length);
                Must.Equal(
                    strict[name], input.AsSpan(start, length).Trim(" \t\r\n"u8), "a place");
                strict.TryNumber(name, 12, out long? number);
                Must.Hold(number is null or >= 0, "a number");
            }
        }
    }

    /// <summary>A key in DNS.</summary>
    internal static void Key(byte[] input)
    {
        if (DkimKeyRecord.Parse(ByteText.ToText(input)) is not { } key || key.IsEd25519)
        {
            return;
        }

        using RSA? rsa = key.LoadRsa(out string fault);
        Must.Hold((rsa is null) == (fault.Length > 0), "a key and a fault");
        Must.Hold(rsa is null || rsa.KeySize is >= 1024 and <= 4096, "a key's size");
    }

    /// <summary>A message: cuts do not matter; what is written of it cannot be taken for another
    /// line; nothing passes, since the only key signs nothing.</summary>
    internal static void Message(byte[] input)
    {
        using DkimVerifier whole = new();
        MessageReader reader = new(whole);
        reader.Read(input);
        reader.End();
        using DkimVerifier cut = new();
        reader = new MessageReader(cut);
        foreach (byte[] piece in Must.Pieces(input))
        {
            reader.Read(piece);
        }

        reader.End();
        OneAnswerDns dns = new("v=DKIM1; k=ed25519; p=" + Convert.ToBase64String(new byte[32]));
        IReadOnlyList<DkimCheck> checks = Check(whole, dns);
        Must.Hold(checks.SequenceEqual(Check(cut, dns), new SameCheck()), "cuts matter");
        Must.Hold(checks.Count <= DkimVerifier.SignaturesMax, "too many signatures");
        Must.Hold(checks.All(one => one.AuthenticatedDomain is null), "a pass");
        ResultsField field = new("mx.example");
        foreach (DkimCheck check in checks)
        {
            field.Add(check);
        }

        AuthorDomains author = AuthorDomains.Of(whole.Header!);
        Must.Hold(author.Domains.Count <= AuthorDomains.DomainsMax + 1, "too many authors");
        field.Add(Wait(DmarcChecker.CheckAsync(
            new OneAnswerDns("v=DMARC1; p=reject"), author, null, checks, default)));
        ArrayBufferWriter<byte> written = Must.Writer();
        field.Write(written);
        BeOneField(written.WrittenSpan);
    }

    /// <summary>A record of SPF, which every name has: it ends within its bounds.</summary>
    internal static void Spf(byte[] input)
    {
        OneAnswerDns dns = new("v=spf1 " + ByteText.ToText(input));
        SpfRequest request = SpfRequest.OfMailFrom(
            IPAddress.Parse("192.0.2.1"), "strong-bad@a.b.example"u8, "h.example"u8);
        SpfCheck check = Wait(SpfChecker.CheckAsync(dns, request, default));
        Must.Hold(dns.Questions <= SpfQuestionsMax, "too many questions");
        Must.Hold(
            check.Explanation is null
                || (check.Explanation.Length <= SpfChecker.ExplanationMax
                    && !check.Explanation.AsSpan().ContainsAnyExceptInRange(' ', '~')),
            "an explanation");
    }

    /// <summary>The identities of SPF: a client's words in the record of another.</summary>
    internal static void SpfSender(byte[] input)
    {
        OneAnswerDns dns = new("v=spf1 exists:%{l1r+}.%{S}.%{o}.%{h} exp=%{d}");
        SpfRequest request = SpfRequest.OfMailFrom(IPAddress.IPv6Loopback, input, input);
        SpfCheck check = Wait(SpfChecker.CheckAsync(dns, request, default));
        ResultsField field = new("mx.example");
        field.Add(check);
        ArrayBufferWriter<byte> written = Must.Writer();
        field.Write(written);
        BeOneField(written.WrittenSpan);
    }

    /// <summary>A policy, which every name has.</summary>
    internal static void Dmarc(byte[] input)
    {
        string text = ByteText.ToText(input);
        if (DmarcRecord.Parse(text) is not { } record)
        {
            return;
        }

        Must.Hold(text.StartsWith('v'), "a record without its version");
        Must.Hold(record.AggregateAddresses.Count <= DmarcRecord.AddressesMax, "addresses");
        foreach (string address in record.AggregateAddresses.Concat(record.FailureAddresses))
        {
            Must.BePrintable(ByteText.ToBytes(address), "an address");
        }

        OneAnswerDns dns = new(text);
        DmarcCheck check = Wait(DmarcChecker.CheckAsync(
            dns, new AuthorDomains(["1.2.3.4.5.6.7.8.9.example"], 1, false), null, [], default));
        Must.Hold(dns.Questions <= 9, "too many questions");
        Must.Hold(check.Disposition <= check.Policy, "more than was asked for");
    }

    /// <summary>Fields of results: none of ours is left, cuts do not matter, and a second time
    /// removes nothing.</summary>
    internal static void Results(byte[] input)
    {
        byte[] once = Filter([input], out _);
        Must.Equal(once, Filter(Must.Pieces(input), out _), "cuts matter");
        Must.Equal(once, Filter([once], out int removed), "one was left");
        Must.Hold(removed == 0, "one was left");
        Must.Hold(once.Length <= input.Length, "something was added");
    }

    /// <summary>Addresses of SRS: none is good that was not made here.</summary>
    internal static void Srs(byte[] input)
    {
        SrsVerdict verdict = Rewriting.Reverse(input, Now, out byte[] sender);
        Must.Hold((verdict == SrsVerdict.Good) == (sender.Length > 0), "a sender");
        SrsVerdict resolved = Rewriting.Resolve(input, Now, out byte[] final);
        Must.Hold((resolved == SrsVerdict.Good) == (final.Length > 0), "a sender in the end");
        Must.Hold(verdict == SrsVerdict.Good || resolved == verdict, "another end");
        Must.Hold(
            SrsTag.IsSrs(input) == (verdict != SrsVerdict.NotSrs), "no mark, and yet of SRS");
        if (Rewriting.Rewrite(input, Now) is not { } made)
        {
            return;
        }

        int at = made.AsSpan().LastIndexOf((byte)'@');
        verdict = Rewriting.Reverse(made.AsSpan(0, at), Now, out sender);
        Must.Hold(verdict == SrsVerdict.Good, "no way back");
        if (!SrsTag.IsSrs(input))
        {
            Must.Equal(input, sender, "another sender");
        }
    }

    /// <summary>A file of secrets: what is read of it can be written and read again, and what is
    /// wrong with it shows nothing of it.</summary>
    internal static void SrsSecretFile(byte[] input)
    {
        if (SrsSecrets.TryParse(input, out string fault) is not { } secrets)
        {
            Must.Hold(fault.Length > 0, "no fault");
            Must.BePrintable(ByteText.ToBytes(fault), "a fault");
            return;
        }

        Must.Hold(fault.Length == 0 && secrets.Count is > 0 and <= SrsSecrets.CountMax, "a count");
        IReadOnlyList<byte[]> more = SrsSecrets.TryParse(SrsSecrets.WithNew(secrets), out _)!;
        int kept = Math.Min(secrets.Count, SrsSecrets.CountMax - 1);
        Must.Hold(more.Count == kept + 1, "another count");
        for (int i = 0; i < kept; i++)
        {
            Must.Equal(secrets[i], more[i + 1], "another secret");
        }
    }

    private static byte[] Filter(IEnumerable<byte[]> pieces, out int removed)
    {
        ForgedResultsFilter filter = new(ForgedResultsFilter.Names(["mx.example"]));
        ArrayBufferWriter<byte> to = new();
        foreach (byte[] piece in pieces)
        {
            filter.Read(piece, to);
        }

        filter.End(to);
        removed = filter.Removed;
        return to.WrittenSpan.ToArray();
    }

    /// <summary>Printing ASCII in lines of which all but the first begin with a tab.</summary>
    private static void BeOneField(ReadOnlySpan<byte> field)
    {
        Must.Hold(field is [.., (byte)'\n'], "no end");
        string[] lines = Encoding.Latin1.GetString(field[..^1]).Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            Must.Hold(i == 0 || lines[i].StartsWith('\t'), "another line");
            Must.BePrintable(ByteText.ToBytes(lines[i].TrimStart('\t')), "a line");
        }
    }

    private static IReadOnlyList<DkimCheck> Check(DkimVerifier verifier, OneAnswerDns dns) =>
        Wait(verifier.CheckAsync(dns, Now, (_, _, _) => false, default));

    private static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();

    private sealed class SameCheck : IEqualityComparer<DkimCheck>
    {
        public bool Equals(DkimCheck? left, DkimCheck? right) =>
            left?.Result == right?.Result && left?.Reason == right?.Reason;

        public int GetHashCode(DkimCheck check) => check.Reason.GetHashCode();
    }

    /// <summary>Every name has the same text, an address, and itself as a mail host.</summary>
    private sealed class OneAnswerDns(string text) : IAuthenticationDns
    {
        internal int Questions { get; private set; }

        public ValueTask<DnsRecords<string>> FindTextsAsync(string name, CancellationToken stop) =>
            Answer(text);

        public ValueTask<DnsRecords<IPAddress>> FindAddressesAsync(
            string name, bool isIPv6, CancellationToken stop) =>
            Answer(isIPv6 ? IPAddress.IPv6Any : IPAddress.Any);

        public ValueTask<DnsRecords<string>> FindExchangersAsync(
            string name, CancellationToken stop) => Answer(name);

        public ValueTask<DnsRecords<string>> FindNamesAsync(
            IPAddress address, CancellationToken stop) => Answer("host.example");

        private ValueTask<DnsRecords<T>> Answer<T>(T one)
        {
            Questions++;
            return ValueTask.FromResult(new DnsRecords<T>([one]));
        }
    }
}
