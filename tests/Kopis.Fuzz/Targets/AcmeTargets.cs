using Kopis.Base;
using Kopis.Config;
using Kopis.Host.Certificates;
using Kopis.Host.Certificates.Challenges;
using Kopis.Host.Certificates.Protocol;

namespace Kopis.Fuzz.Targets;

/// <summary>What an ACME server answers, what comes to the port that it looks at, and
/// control/acme.</summary>
internal static class AcmeTargets
{
    private static readonly ControlDirectory Control =
        new(Path.Combine(Scratch.Home(("me", "mx.example")), "control"));

    /// <summary>An answer, taken for each of the things that it could be.</summary>
    internal static void Replies(byte[] input)
    {
        AcmeProblem problem = AcmeProblem.Parse(new AcmeResponse(400, input));
        BePrintable(problem.ToException("https://ca.example").Message);
        if (Parse(() => AcmeOrder.Parse(input)) is { } order)
        {
            Must.Hold(
                order.Authorizations.All(IsHttps) && IsHttps(order.Finalize)
                    && (order.Certificate is null || IsHttps(order.Certificate)),
                "a URL that is not https");
        }

        if (Parse(() => AcmeAuthorization.Parse(input)) is { } authorization)
        {
            BePrintable(authorization.Failure("http-01").Message);
            Must.Hold(
                authorization.Challenges.All(one =>
                    AcmeChallenge.IsToken(one.Token) && IsHttps(one.Url)),
                "a token that is no file's name");
        }

        Parse(() => AcmeDirectory.Parse(input));
    }

    /// <summary>The chain that is to become the host's.</summary>
    internal static void Chain(byte[] input)
    {
        using NewCertificate made = new(["mx.example"]);
        Must.Hold(
            Parse(() => made.Accept(ByteText.ToText(input), DateTimeOffset.UnixEpoch)) is null,
            "a certificate for a key that nobody has seen");
    }

    /// <summary>A request at port 80.</summary>
    internal static void Request(byte[] input) => Must.Hold(
        !HttpRequestLine.Token(input).ContainsAny("\r\n "u8), "a token of several words");

    /// <summary>The control file.</summary>
    internal static void Settings(byte[] input)
    {
        File.WriteAllBytes(Path.Combine(Control.Directory, "acme"), input);
        try
        {
            AcmeSettings settings = AcmeSettings.Read(Control)!;
            Must.Hold(settings.Names.Count > 0, "no name");
            Must.Hold(settings.Names.All(AcmeSettings.IsName), "a name that is none");
            Must.Hold(IsHttps(settings.Directory.AbsoluteUri), "a URL that is not https");
        }
        catch (ConfigurationException)
        {
            // Not understood, and said so.
        }
    }

    private static T? Parse<T>(Func<T> parse)
        where T : class
    {
        try
        {
            return parse();
        }
        catch (AcmeException e)
        {
            BePrintable(e.Message);
            return null;
        }
    }

    private static void BePrintable(string text) =>
        Must.Hold(text.All(c => c is >= ' ' and <= '~'), "a log line that is none");

    private static bool IsHttps(string url) =>
        url.StartsWith("https://", StringComparison.OrdinalIgnoreCase);
}
