using System.Globalization;
using System.Net.Http.Headers;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Posix;
using Kopis.Tools.Metrics;

namespace Kopis.Host.Status;

/// <summary>Sends metrics to a collector of OpenTelemetry. One request at a time, and what a
/// collector does not take is not kept: the next one has all of it, since all is counted from the
/// start.</summary>
internal sealed class OtlpExport : IDisposable
{
    private const int AnswerBytesMax = 64 * 1024;
    private const int HeaderKibibytesMax = 16;
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(10);

    private readonly ControlDirectory _control;
    private readonly Func<HostReport> _gather;
    private readonly HttpClient _client;
    private readonly LogThrottle _log = new(ErrorLog.Write, TimeProvider.System);

    /// <param name="control">Where the endpoint is.</param>
    /// <param name="gather">Asks the host.</param>
    internal OtlpExport(ControlDirectory control, Func<HostReport> gather)
    {
        (_control, _gather) = (control, gather);
        _client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ConnectTimeout = TimeMax,
            MaxResponseHeadersLength = HeaderKibibytesMax,
        })
        {
            Timeout = TimeMax,
            MaxResponseContentBufferSize = AnswerBytesMax,
        };
        _client.DefaultRequestHeaders.UserAgent.Add(
            new ProductInfoHeaderValue("Kopis", BuildVersion.Number));
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    /// <summary>Where to; null: nowhere.</summary>
    /// <exception cref="ConfigurationException">The control file has no such URL.</exception>
    internal static Uri? Endpoint(ControlDirectory control) =>
        control.ReadLine(OtlpFiles.Endpoint) is { Length: > 0 } line
            ? OtlpFiles.UrlOf(ByteText.ToText(line)) : null;

    /// <summary>Sends once.</summary>
    /// <exception cref="ConfigurationException">There is no endpoint, or it did not take it.
    /// </exception>
    internal async Task SendAsync(CancellationToken stop)
    {
        Uri url = Endpoint(_control) ?? throw new ConfigurationException(
            $"{OtlpFiles.Endpoint} is missing: it says where to", ExitCode.Permanent);
        HostReport report = _gather();
        using ByteArrayContent content = new(OtlpJson.Of(
            report.Samples, HostName(), HostReport.Version, DateTimeOffset.UtcNow));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        try
        {
            using HttpResponseMessage answer = await _client.PostAsync(url, content, stop);
            if (!answer.IsSuccessStatusCode)
            {
                throw new ConfigurationException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{url.Host} does not take metrics: status {(int)answer.StatusCode}"));
            }
        }
        catch (Exception e) when (e is HttpRequestException
            || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            // Not its message, which may have what the other side wrote.
            string why = e is HttpRequestException { HttpRequestError: var error }
                ? $"{error}" : "no answer in time";
            throw new ConfigurationException($"{url.Host} does not take metrics: {why}", e);
        }
    }

    /// <summary>Sends again and again, until the end.</summary>
    internal async Task RunAsync(CancellationToken stop)
    {
        while (true)
        {
            try
            {
                await SendAsync(stop);
            }
            catch (ConfigurationException e)
            {
                _log.Write(
                    "metrics: warning: not sent", $"metrics: warning: not sent: {e.Message}");
            }

            await Task.Delay(TimeSpan.FromSeconds(Interval()), stop);
        }
    }

    private long Interval()
    {
        try
        {
            return _control.ReadLong(OtlpFiles.Interval);
        }
        catch (ConfigurationException)
        {
            return OtlpFiles.Interval.Value!.Value; // kopis config check says what is wrong.
        }
    }

    private string HostName() => _control.ReadLine(HostFiles.Me) is { } me
        ? ByteText.ToText(me) : Environment.MachineName;
}
