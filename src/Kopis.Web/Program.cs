using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Posix;
using Kopis.Web.Server;
using Microsoft.AspNetCore.Builder;

const string program = "kopis-web";
const string usage = """
    usage: kopis-web [--listen ADDRESS:PORT]

    Serves the dashboard of a mail host to browsers, on its loopback (kopis-web(8)). kopis web
    password sets the password. The home is KOPIS_HOME, or else that of the program's own bin
    directory.

    """;

Descriptors.HoldStandard();
ErrorLog.Watch(program, isService: true);
try
{
    return await RunAsync(args);
}
catch (Exception e) when (e is ConfigurationException or IOException)
{
    ErrorLog.Write($"{program}: fatal: {e.Message}");
    return (e as ConfigurationException)?.Code ?? ExitCode.Temporary;
}

static async Task<int> RunAsync(string[] words)
{
    if (words is ["--help"] or ["-h"])
    {
        Fd.WriteAll(1, Encoding.ASCII.GetBytes(usage));
        return ExitCode.Success;
    }

    if (words is not ([] or ["--listen", _]))
    {
        Fd.WriteAll(2, Encoding.ASCII.GetBytes(usage));
        return ExitCode.Permanent;
    }

    ByteEnvironment environment = ByteEnvironment.Parse(File.ReadAllBytes("/proc/self/environ"));
    string home = environment["KOPIS_HOME"] is { Length: > 0 } named
        ? Path.GetFullPath(Encoding.UTF8.GetString(named))
        : Path.GetDirectoryName(Path.GetDirectoryName(Environment.ProcessPath)) ?? "/var/qmail";
    Lifeline.Watch(new ProgramContext(program, [], environment, home));
    ControlDirectory control = new(Path.Combine(home, "control"));
    IPEndPoint place = PlaceOf(words is [_, var option] ? option
        : ByteText.ToText(control.ReadLineOrDefault(WebFiles.Listen)!));

    using CancellationTokenSource stop = new();
    using Dashboard dashboard = new(home, TimeProvider.System);
    TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    using PosixSignalRegistration term = PosixSignalRegistration.Create(
        PosixSignal.SIGTERM, context => End(context, ended));
    using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(
        PosixSignal.SIGINT, context => End(context, ended));
    dashboard.Feed.Start(stop.Token);
    await using WebApplication server = await WebServer.StartAsync(
        place, new Gate(dashboard, new HostNames(place, control)));
    ErrorLog.Write($"{program}: listening on http://{place}/");
    await ended.Task;
    await stop.CancelAsync();
    await server.StopAsync(new CancellationTokenSource(TimeSpan.FromSeconds(2)).Token);
    return ExitCode.Success;
}

static void End(PosixSignalContext context, TaskCompletionSource ended)
{
    context.Cancel = true;
    ended.TrySetResult();
}

static IPEndPoint PlaceOf(string text)
{
    int colon = text.LastIndexOf(':');
    return colon > 0 && IPAddress.TryParse(text[..colon].Trim('[', ']'), out IPAddress? address)
        && ushort.TryParse(
            text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out ushort port)
        && port > 0
        ? IPAddress.IsLoopback(address) ? new IPEndPoint(address, port)
            : throw new ConfigurationException(
                $"{address} is no address of the loopback; the dashboard speaks no TLS: see "
                + "weblisten in qmail-control(5)", ExitCode.Permanent)
        : throw new ConfigurationException(
            $"not ADDRESS:PORT: {LogText.Safe(ByteText.ToBytes(text))}", ExitCode.Permanent);
}
