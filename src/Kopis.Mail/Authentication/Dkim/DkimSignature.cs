using Kopis.Base;

namespace Kopis.Mail.Authentication.Dkim;

/// <summary>A DKIM-Signature field (RFC 6376 §3.5).</summary>
public sealed class DkimSignature
{
    /// <summary>The most names in h=: a header has at most 1,000 fields, and a signer names each
    /// once more.</summary>
    public const int NamesMax = 2 * MessageReader.FieldsMax;

    private const int DigitsMax = 12; // RFC 6376 §3.5, t= and x=: up to 10^12.
    private const int LengthDigitsMax = 18; // RFC 6376 §3.5, l=: 76 digits, of which long has 18.
    private const int SignatureBytesMax = 1024; // RSA of 8,192 bits.
    private const int HashBytes = 32;

    private DkimSignature()
    {
    }

    /// <summary>a=: the algorithm.</summary>
    public DkimAlgorithm Algorithm { get; private init; }

    /// <summary>c=: the form of the header.</summary>
    public CanonicalForm HeaderForm { get; private init; }

    /// <summary>c=: the form of the body.</summary>
    public CanonicalForm BodyForm { get; private init; }

    /// <summary>d=: the domain that signs, normalized.</summary>
    public required string Domain { get; init; }

    /// <summary>s=: the selector, normalized.</summary>
    public required string Selector { get; init; }

    /// <summary>i=: for whom it signs: printing characters and UTF-8.</summary>
    public required string Identity { get; init; }

    /// <summary>The domain of i=, normalized: d= or below it.</summary>
    public required string IdentityDomain { get; init; }

    /// <summary>h=: the names of the fields that are signed, as written.</summary>
    public required IReadOnlyList<byte[]> Names { get; init; }

    /// <summary>bh=: the hash of the body.</summary>
    public required byte[] BodyHash { get; init; }

    /// <summary>b=: the signature.</summary>
    public required byte[] Value { get; init; }

    /// <summary>l=: how many bytes of the canonical body are signed; null for all.</summary>
    public long? BodyLength { get; private init; }

    /// <summary>x=: until when it is good, in seconds since 1970.</summary>
    public long? ExpiresAt { get; private init; }

    /// <summary>Where the value of b= is in the field, blanks around it included.</summary>
    public Range ValuePlace { get; private init; }

    /// <summary>The first characters of b=, which tell one signature from another (RFC 6008).
    /// </summary>
    public string ValueStart => Convert.ToBase64String(Value)[..8];

    /// <summary>Reads a field.</summary>
    /// <param name="field">The field.</param>
    /// <param name="fault">What is wrong with it, in words of ours, where the answer is null.
    /// </param>
    public static DkimSignature? Parse(in HeaderField field, out string fault)
    {
        TagList? tags = TagList.Parse(field.Value);
        if (tags is null)
        {
            fault = "not a list of tags";
            return null;
        }

        fault = FaultIn(tags);
        string? domain = DomainText.Normalize(tags["d"]);
        string? selector = DomainText.Normalize(tags["s"]);
        IReadOnlyList<byte[]>? names = NamesIn(tags["h"]);
        byte[]? hash = FromBase64(tags.Compact("bh"), HashBytes);
        byte[]? value = FromBase64(tags.Compact("b"), SignatureBytesMax);
        bool isNumeric = tags.TryNumber("t", DigitsMax, out long? madeAt)
            & tags.TryNumber("x", DigitsMax, out long? expiresAt)
            & tags.TryNumber("l", LengthDigitsMax, out long? length);
        string? identity = IdentityIn(tags, domain, out string? identityDomain);
        fault = fault.Length > 0 ? fault
            : domain is null ? "d= is not a domain"
            : selector is null ? "s= is not a selector"
            : names is null ? "h= is not a list of fields"
            : hash is null ? "bh= is not a hash"
            : value is null or { Length: < 32 } ? "b= is not a signature"
            : !isNumeric || expiresAt < madeAt ? "t=, x= or l= is not a number"
            : identity is null ? "i= is not within d="
            : "";
        if (fault.Length > 0
            || !TryForms(tags.Compact("c"), out CanonicalForm head, out CanonicalForm body))
        {
            fault = fault.Length > 0 ? fault : "c= is not known";
            return null;
        }

        return new DkimSignature
        {
            Algorithm = AlgorithmOf(tags.Compact("a")),
            HeaderForm = head,
            BodyForm = body,
            Domain = domain!,
            Selector = selector!,
            Identity = identity!,
            IdentityDomain = identityDomain!,
            Names = names!,
            BodyHash = hash!,
            Value = value!,
            BodyLength = length,
            ExpiresAt = expiresAt,
            ValuePlace = Moved(tags.PlaceOf("b"), field.ValueStart),
        };
    }

    /// <summary>Whether a field is among those signed.</summary>
    public bool Signs(ReadOnlySpan<byte> name)
    {
        foreach (byte[] one in Names)
        {
            if (Ascii8.EqualsIgnoreCase(one, name))
            {
                return true;
            }
        }

        return false;
    }

    private static string FaultIn(TagList tags)
    {
        foreach (string name in (ReadOnlySpan<string>)["v", "a", "b", "bh", "d", "h", "s"])
        {
            if (!tags.Has(name))
            {
                return name + "= is missing";
            }
        }

        return tags.Compact("v") != "1" ? "v= is not 1"
            : tags.Has("q") && !tags.Compact("q").Split(':').Contains("dns/txt")
                ? "q= is not dns/txt"
            : "";
    }

    private static DkimAlgorithm AlgorithmOf(string text) => text.ToLowerInvariant() switch
    {
        "rsa-sha256" => DkimAlgorithm.RsaSha256,
        "ed25519-sha256" => DkimAlgorithm.Ed25519Sha256,
        "rsa-sha1" => DkimAlgorithm.RsaSha1,
        _ => DkimAlgorithm.Unknown,
    };

    /// <summary>c=: simple where nothing is said, and for the body alone too.</summary>
    private static bool TryForms(string text, out CanonicalForm head, out CanonicalForm body)
    {
        string[] words = text.ToLowerInvariant().Split('/');
        body = CanonicalForm.Simple;
        return TryForm(words[0], out head) && words.Length <= 2
            && (words.Length == 1 || TryForm(words[1], out body));
    }

    private static bool TryForm(string word, out CanonicalForm form)
    {
        form = word == "relaxed" ? CanonicalForm.Relaxed : CanonicalForm.Simple;
        return word is "relaxed" or "simple" or "";
    }

    private static List<byte[]>? NamesIn(ReadOnlySpan<byte> list)
    {
        List<byte[]> names = [];
        foreach (Range part in list.Split((byte)':'))
        {
            ReadOnlySpan<byte> name = list[part].Trim(" \t\r\n"u8);
            if (name.IsEmpty || names.Count == NamesMax
                || name.ContainsAnyExceptInRange((byte)33, (byte)126))
            {
                return null;
            }

            names.Add(name.ToArray());
        }

        return names;
    }

    /// <summary>i=: its domain is that of d= or below it; without it, it is <c>@d</c>.</summary>
    private static string? IdentityIn(TagList tags, string? domain, out string? identityDomain)
    {
        identityDomain = domain;
        if (domain is null || !tags.Has("i"))
        {
            return "@" + domain;
        }

        Address identity = new(tags["i"]);
        identityDomain = identity.HasAt ? DomainText.Normalize(identity.Domain) : null;
        return identityDomain is not null && DomainText.IsWithin(identityDomain, domain)
            ? ByteText.ToText(identity.Local) + "@" + identityDomain
            : null;
    }

    private static Range Moved(Range place, int by) =>
        (place.Start.Value + by)..(place.End.Value + by);

    /// <summary>Decodes; null for what is no base64 or decodes to nothing or too much.</summary>
    internal static byte[]? FromBase64(string text, int bytesMax)
    {
        if (text.Length == 0 || text.Length > (bytesMax + 2) / 3 * 4)
        {
            return null;
        }

        Span<byte> bytes = stackalloc byte[bytesMax + 3];
        return Convert.TryFromBase64String(text, bytes, out int length) && length is > 0
            && length <= bytesMax
            ? bytes[..length].ToArray()
            : null;
    }
}
