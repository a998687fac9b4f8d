using Kopis.Base;

namespace Kopis.Config.Catalog;

/// <summary>Control files of the export of metrics.</summary>
public static class OtlpFiles
{
    private const string Exporter = "kopis-metrics(1)";

    /// <summary><c>otlpendpoint</c>.</summary>
    public static readonly ControlLine Endpoint = new("otlpendpoint")
    {
        Line = "an http or https URL",
        Absent = "metrics are not exported",
        Readers = Exporter,
        Reread = Reread.Use,
        Says = "Metrics are exported to {}.",
        Text = "Where kopis metrics --otlp sends what the host counts. It is a collector of "
            + "OpenTelemetry that takes OTLP over HTTP in JSON, as "
            + "http://127.0.0.1:4318/v1/metrics. Without the file nothing is sent. On an "
            + "installed host the unit kopis-otlp.service sends, which is not enabled by itself; "
            + "kopis run does where the file is there when it starts.",
    };

    /// <summary><c>otlpinterval</c>.</summary>
    public static readonly ControlNumber Interval = new("otlpinterval", 60)
    {
        Least = 1,
        Most = 3600,
        Unit = "seconds",
        Readers = Exporter,
        Reread = Reread.Use,
        Says = "Metrics are exported every {} seconds.",
        Text = "How often metrics are sent to otlpendpoint.",
    };

    /// <summary>The URL of <see cref="Endpoint"/>.</summary>
    /// <exception cref="ConfigurationException">The text is not such a URL.</exception>
    public static Uri UrlOf(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? url)
        && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
        && url.UserInfo.Length == 0 && url.Fragment.Length == 0
            ? url
            : throw new ConfigurationException(
                $"{Endpoint}: not an http or https URL without a user: "
                + LogText.Safe(ByteText.ToBytes(text)),
                ExitCode.Permanent);
}
