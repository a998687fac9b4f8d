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
    usage: kopis-web [--listen ADDRESS:PORT | --socket FD [--socket FD]]

    Serves the dashboard of a mail host to browsers, on its loopback (kopis-web(8)). kopis web
    password sets the password. The home is KOPIS_HOME, or else that of the program's own bin
    directory. FD is a socket that the caller has bound.

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

    if (words is not ([] or ["--listen", _] or ["--socket", _] or ["--socket", _, "--socket", _]))
    {
        Fd.WriteAll(2, Encoding.ASCII.GetBytes(usage));
        return ExitCode.Permanent;
    }

    ByteEnvironment environment = ByteEnvironment.Parse(File.ReadAllBytes("/proc/self/environ"));
    string home = environment["KOPIS_HOME"] is { Length: > 0 } named
        ? Path.GetFullPath(Encoding.UTF8.GetString(named))
        : Path.GetDirectoryName(Path.GetDirectoryName(Environment.ProcessPath)) ?? "/var/qmail";
    ProgramContext context = new(program, [], environment, home);
    Lifeline.Watch(context);
    ServiceManager? manager = ServiceManager.Of(context);
    ControlDirectory control = new(Path.Combine(home, "control"));
    WebSockets sockets = words switch
    {
        ["--listen", var text] => WebSockets.At(WebFiles.PlaceOf(text)),
        [_, ..] => WebSockets.Inherited(
            [.. words.Where((_, i) => i % 2 == 1).Select(WebSockets.Number)]),
        _ when manager?.Descriptors is { Count: > 0 } given => WebSockets.Inherited(given),
        _ => WebSockets.At(WebFiles.PlaceOf(
            ByteText.ToText(control.ReadLineOrDefault(WebFiles.Listen)!))),
    };

    using CancellationTokenSource stop = new();
    using Dashboard dashboard = new(home, TimeProvider.System);
    TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    using PosixSignalRegistration term = PosixSignalRegistration.Create(
        PosixSignal.SIGTERM, context => End(context, ended));
    using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(
        PosixSignal.SIGINT, context => End(context, ended));
    dashboard.Feed.Start(stop.Token);
    await using WebApplication server = await WebServer.StartAsync(
        sockets, new Gate(dashboard, new HostNames(sockets.Places, control)));
    ErrorLog.Write($"{program}: listening on "
        + string.Join(" and ", sockets.Places.Select(place => $"http://{place}/")));
    manager?.Ready();
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
