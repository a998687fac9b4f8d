using Kopis.Base;

namespace Kopis.Mail.Authentication.Dmarc;

/// <summary>A policy record of DMARC (RFC 9989 §4.7, §4.8).</summary>
public sealed class DmarcRecord
{
    /// <summary>The most addresses that are kept of one tag. §4.6 wants all; real tags have one to
    /// three.</summary>
    public const int AddressesMax = 10;

    private const int TextMax = 4096;
    private const int AddressMax = 1024;

    private static readonly RecordCache<DmarcRecord> Known = new(Parse, TextMax);

    private DmarcRecord(bool isUsable) => IsUsable = isUsable;

    /// <summary>Whether the record can be applied. If p=, sp= or np= is wrong, that depends on
    /// whether it has an address for reports: it then asks for reports only (§4.10.1).</summary>
    public bool IsUsable { get; }

    /// <summary>p=: the policy for the domain itself.</summary>
    public DmarcPolicy Policy { get; private init; }

    /// <summary>sp=, or else p=: the policy for existing names below it.</summary>
    public DmarcPolicy SubdomainPolicy { get; private init; }

    /// <summary>np=, or else sp=, or else p=: the policy for names below it that do not exist.
    /// </summary>
    public DmarcPolicy MissingPolicy { get; private init; }

    /// <summary>adkim=s.</summary>
    public bool IsDkimStrict { get; private init; }

    /// <summary>aspf=s.</summary>
    public bool IsSpfStrict { get; private init; }

    /// <summary>t=y: the domain tests its policy, so one step less is applied.</summary>
    public bool IsTest { get; private init; }

    /// <summary>psd=: y, n, or u if it is not set.</summary>
    public char PublicSuffix { get; private init; }

    /// <summary>rua=: where to send reports on all mail; URIs of printable ASCII.</summary>
    public IReadOnlyList<string> AggregateAddresses { get; private init; } = [];

    /// <summary>The same with the sizes of RFC 7489 §6.4 at their ends, as in
    /// <c>mailto:a@b.example!10m</c>.</summary>
    public IReadOnlyList<string> AggregateTargets { get; private init; } = [];

    /// <summary>ruf=: where to send reports on single messages.</summary>
    public IReadOnlyList<string> FailureAddresses { get; private init; } = [];

    /// <summary>fo=: which single messages to report; <c>0</c> by default.</summary>
    public string FailureOptions { get; private init; } = "0";

    /// <summary>Parses a TXT record, or returns it from the cache.</summary>
    public static DmarcRecord? Find(string text) => Known.Find(text);

    /// <summary>Parses a TXT record.</summary>
    /// <returns>Null if it does not begin with <c>v=DMARC1</c>. Other wrong parts are left out.
    /// </returns>
    public static DmarcRecord? Parse(string text)
    {
        if (text.Length > TextMax || !IsDmarc(text)
            || TagList.ParseLeniently(ByteText.ToBytes(text)) is not { } tags)
        {
            return null;
        }

        List<string> reports = AddressesIn(tags["rua"]);
        bool isRight = TryPolicy(tags, "p", DmarcPolicy.None, out DmarcPolicy policy)
            & TryPolicy(tags, "sp", policy, out DmarcPolicy below)
            & TryPolicy(tags, "np", below, out DmarcPolicy missing);
        string options = tags.Compact("fo").ToLowerInvariant();
        return new DmarcRecord(isRight || reports.Count > 0)
        {
            Policy = isRight ? policy : DmarcPolicy.None,
            SubdomainPolicy = isRight ? below : DmarcPolicy.None,
            MissingPolicy = isRight ? missing : DmarcPolicy.None,
            IsDkimStrict = Is(tags, "adkim", "s"),
            IsSpfStrict = Is(tags, "aspf", "s"),
            IsTest = Is(tags, "t", "y"),
            PublicSuffix = Is(tags, "psd", "y") ? 'y' : Is(tags, "psd", "n") ? 'n' : 'u',
            AggregateAddresses = reports,
            AggregateTargets = AddressesIn(tags["rua"], withSizes: true),
            FailureAddresses = AddressesIn(tags["ruf"]),
            FailureOptions = options is "1" or "d" or "s" or "d:s" or "s:d" ? options : "0",
        };
    }

    /// <summary>Whether a text begins with the version, whose case matters.</summary>
    private static bool IsDmarc(string text)
    {
        int end = text.IndexOf(';', StringComparison.Ordinal);
        string[] parts = (end < 0 ? text : text[..end]).Split('=');
        return parts.Length == 2 && parts[0].TrimEnd(' ', '\t') == "v"
            && parts[1].Trim(' ', '\t') == "DMARC1";
    }

    private static bool Is(TagList tags, string name, string value) =>
        tags[name].Length == value.Length
        && string.Equals(tags.Text(name), value, StringComparison.OrdinalIgnoreCase);

    /// <summary>Parses a policy tag.</summary>
    /// <returns>False if the tag exists and has none of the three words.</returns>
    private static bool TryPolicy(
        TagList tags, string name, DmarcPolicy otherwise, out DmarcPolicy policy)
    {
        policy = Is(tags, name, "none") ? DmarcPolicy.None
            : Is(tags, name, "quarantine") ? DmarcPolicy.Quarantine
            : Is(tags, name, "reject") ? DmarcPolicy.Reject
            : otherwise;
        return !tags.Has(name) || Is(tags, name, policy.ToString());
    }

    /// <summary>The URIs of a list. They encode commas and exclamation marks. The sizes that RFC
    /// 7489 put after an exclamation mark are dropped or kept.</summary>
    private static List<string> AddressesIn(ReadOnlySpan<byte> list, bool withSizes = false)
    {
        List<string> addresses = [];
        foreach (Range part in list.Split((byte)','))
        {
            ReadOnlySpan<byte> text = list[part].Trim(" \t"u8);
            int size = text.IndexOf((byte)'!');
            ReadOnlySpan<byte> uri = size < 0 ? text : text[..size];
            if (addresses.Count < AddressesMax && text.Length is > 0 and <= AddressMax
                && IsUri(uri) && !text.ContainsAnyExceptInRange((byte)33, (byte)126))
            {
                addresses.Add(ByteText.ToText(withSizes ? text : uri));
            }
        }

        return addresses;
    }

    /// <summary>Whether a text is a scheme, a colon, and printable characters without blanks (RFC
    /// 3986 §3.1).</summary>
    private static bool IsUri(ReadOnlySpan<byte> text)
    {
        int colon = text.IndexOf((byte)':');
        if (colon < 1 || colon == text.Length - 1
            || text.ContainsAnyExceptInRange((byte)33, (byte)126)
            || !char.IsAsciiLetter((char)text[0]))
        {
            return false;
        }

        foreach (byte one in text[..colon])
        {
            if (!char.IsAsciiLetterOrDigit((char)one)
                && one is not ((byte)'+' or (byte)'-' or (byte)'.'))
            {
                return false;
            }
        }

        return true;
    }
}
