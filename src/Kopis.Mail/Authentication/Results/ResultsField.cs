using System.Buffers;
using System.Text;
using Kopis.Mail.Authentication.Dkim;
using Kopis.Mail.Authentication.Dmarc;
using Kopis.Mail.Authentication.Spf;

namespace Kopis.Mail.Authentication.Results;

/// <summary>Writes an Authentication-Results field (RFC 8601 §2.2). Text from the network is
/// written as a token, or as a quoted string of printable ASCII, and is cut if it is long. So it
/// can neither end the line nor look like a result.</summary>
/// <param name="server">The authserv-id: our own name.</param>
public sealed class ResultsField(string server)
{
    private const int ColumnsMax = 76; // RFC 5322 §2.1.1 has 78.
    private const int ValueMax = 256;
    private const int TextUsual = 512;

    // The token of RFC 2045 §5.1, without characters that confuse readers, but with the @ of an
    // address.
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_+@:");

    private const int TabColumns = 8;

    private readonly StringBuilder _results = new(TextUsual); // Folded.
    private int _column;

    /// <summary>Adds the result of SPF for MAIL FROM or HELO.</summary>
    public void Add(SpfCheck check) => Put(
        "spf",
        check.Result,
        check.Reason,
        (check.Request.IsHelo ? "smtp.helo" : "smtp.mailfrom", check.Request.Domain));

    /// <summary>Adds the result of a signature.</summary>
    public void Add(DkimCheck check)
    {
        if (check.Signature is not { } signature)
        {
            Put("dkim", check.Result, check.Reason);
            return;
        }

        // If l= leaves an unsigned part, a pass is reported as "policy".
        string reason = check.IsPartial && check.Result == AuthenticationResult.Pass
            ? "l= leaves a part unsigned" : check.Reason;
        Put(
            "dkim",
            check.IsPartial && check.Result == AuthenticationResult.Pass
                ? AuthenticationResult.Policy : check.Result,
            reason,
            ("header.d", signature.Domain),
            ("header.i", signature.Identity),
            ("header.s", signature.Selector),
            ("header.a", NameOf(signature.Algorithm)),
            ("header.b", signature.ValueStart));
    }

    /// <summary>Adds that there was no signature.</summary>
    public void AddUnsigned() => Put("dkim", AuthenticationResult.None, "");

    /// <summary>Adds the result of DMARC (RFC 9989 §9.1).</summary>
    public void Add(DmarcCheck check)
    {
        string domain = check.AuthorDomain.Length > 0 ? check.AuthorDomain : "unknown";
        if (check.Record is null)
        {
            Put("dmarc", check.Result, check.Reason, ("header.from", domain));
            return;
        }

        Put(
            "dmarc",
            check.Result,
            check.Reason,
            ("header.from", domain),
            ("polrec.p", PolicyWord(check.Record.Policy)),
            ("polrec.domain", check.PolicyDomain));
    }

    /// <summary>Adds whether the client's name leads back to its address.</summary>
    public void Add(ReverseNameCheck check) => Put(
        "iprev", check.Result, "", ("policy.iprev", check.Address.ToString()));

    /// <summary>Adds what is wrong with the client's name in HELO, as a method of our own (RFC 8601
    /// §2.7.7 lets everyone use names that begin with x-).</summary>
    public void AddHeloFault(string reason, string helo) => Put(
        "x-helo", AuthenticationResult.Fail, reason, ("smtp.helo", helo));

    /// <summary>Adds that the client has logged in (RFC 8601 §2.7.4).</summary>
    public void AddLogin(string user) =>
        Put("auth", AuthenticationResult.Pass, "", ("smtp.auth", user));

    /// <summary>Writes the field, in lines that end in LF.</summary>
    public void Write(IBufferWriter<byte> to)
    {
        Encoding.ASCII.GetBytes("Authentication-Results: ", to);
        Encoding.ASCII.GetBytes(Quote(server), to);
        if (_results.Length == 0)
        {
            Encoding.ASCII.GetBytes("; none", to);
        }

        foreach (ReadOnlyMemory<char> chunk in _results.GetChunks())
        {
            Encoding.ASCII.GetBytes(chunk.Span, to);
        }

        Encoding.ASCII.GetBytes("\n", to);
    }

    private static string PolicyWord(DmarcPolicy policy) => policy switch
    {
        DmarcPolicy.None => "none",
        DmarcPolicy.Quarantine => "quarantine",
        _ => "reject",
    };

    private static string NameOf(DkimAlgorithm algorithm) => algorithm switch
    {
        DkimAlgorithm.RsaSha256 => "rsa-sha256",
        DkimAlgorithm.Ed25519Sha256 => "ed25519-sha256",
        DkimAlgorithm.RsaSha1 => "rsa-sha1",
        _ => "unknown",
    };

    /// <summary>Adds a result, on a line of its own.</summary>
    private void Put(
        string method,
        AuthenticationResult result,
        string reason,
        params ReadOnlySpan<(string Name, string Value)> properties)
    {
        _results.Append(";\n\t");
        _column = TabColumns;
        PutWord(method, AuthenticationWords.Of(result));
        if (reason.Length > 0)
        {
            PutWord("reason", Quote(reason));
        }

        foreach ((string name, string value) in properties)
        {
            PutWord(name, Quote(value));
        }
    }

    private void PutWord(string name, string value)
    {
        int length = name.Length + 1 + value.Length;
        if (_column > TabColumns)
        {
            bool fits = _column + length + 1 <= ColumnsMax;
            _results.Append(fits ? " " : "\n\t ");
            _column = (fits ? _column : TabColumns) + 1;
        }

        _results.Append(name).Append('=').Append(value);
        _column += length;
    }

    /// <summary>Writes a plain value unchanged. Any other becomes a quoted string, in which
    /// everything but printable ASCII is <c>?</c>.</summary>
    private static string Quote(string value)
    {
        value = value.Length > ValueMax ? value[..ValueMax] : value;
        if (value.Length > 0 && !value.AsSpan().ContainsAnyExcept(Plain))
        {
            return value;
        }

        StringBuilder quoted = new("\"");
        foreach (char one in value)
        {
            quoted.Append(one is '"' or '\\' ? "\\" : "");
            quoted.Append(one is >= ' ' and <= '~' ? one : '?');
        }

        return quoted.Append('"').ToString();
    }
}
