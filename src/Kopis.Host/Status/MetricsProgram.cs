using System.Runtime.InteropServices;
using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Posix;

namespace Kopis.Host.Status;

/// <summary><c>kopis metrics</c> and <c>kopis health</c>: a host for monitors (kopis-metrics(1),
/// kopis-health(1)).</summary>
public static class MetricsProgram
{
    private const string MetricsUsage = """
        usage: kopis metrics
               kopis metrics --otlp [--serve]

        Prints what the host counts, in the text format of Prometheus (docs/MONITORING.md). With
        --otlp sends it to the collector of OpenTelemetry of control/otlpendpoint, once, or with
        --serve every control/otlpinterval seconds.
        Exit status: 0; 100 bad usage, or the host may not be asked by you; 111 it was not sent.

        """;

    private const string HealthUsage = """
        usage: kopis health [--json]

        Prints in one line how well the host is.
        Exit status: 0 all is well, 1 something needs an administrator, 2 mail is not taken or not
        delivered; 100 bad usage, or the host may not be asked by you.

        """;

    /// <summary>Reads the control files of the export.</summary>
    /// <exception cref="ConfigurationException">One is wrong.</exception>
    public static void CheckControls(ControlDirectory control)
    {
        _ = control.ReadLong(OtlpFiles.Interval);
        _ = OtlpExport.Endpoint(control);
    }

    /// <summary>Prints metrics.</summary>
    public static int Metrics(ProgramContext context)
    {
        switch (Words(context))
        {
            case []:
                using (MemoryStream text = new())
                {
                    StatusRights.Gather(context).WriteMetrics(text);
                    Fd.WriteAll(1, text.ToArray());
                }

                return ExitCode.Success;
            case ["--otlp"] or ["--otlp", "--serve"]:
                Export(context, isServing: context.Arguments.Count > 1);
                return ExitCode.Success;
            case ["--help" or "-h"]:
                return Say(1, MetricsUsage, ExitCode.Success);
            default:
                return Say(2, MetricsUsage, ExitCode.Permanent);
        }
    }

    private static void Export(ProgramContext context, bool isServing)
    {
        DateTimeOffset? until = StatusRights.GoOn(context);
        using OtlpExport export = new(
            ControlDirectory.Of(context),
            () => HostReport.Gather(context.Home, isServing ? null : until));
        if (!isServing)
        {
            export.SendAsync(CancellationToken.None).GetAwaiter().GetResult();
            return;
        }

        Lifeline.Watch(context);
        using CancellationTokenSource stop = new();
        using PosixSignalRegistration term = PosixSignalRegistration.Create(
            PosixSignal.SIGTERM, signal =>
            {
                signal.Cancel = true;
                stop.Cancel();
            });
        try
        {
            export.RunAsync(stop.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            // It is the end.
        }
    }

    /// <summary>Prints health.</summary>
    public static int Health(ProgramContext context)
    {
        string[] words = Words(context);
        switch (words)
        {
            case [] or ["--json"]:
                HostReport report = StatusRights.Gather(context);
                using (MemoryStream text = new())
                {
                    if (words.Length > 0)
                    {
                        report.WriteHealthJson(text);
                    }
                    else
                    {
                        text.Write(Encoding.ASCII.GetBytes(report.HealthLine() + "\n"));
                    }

                    Fd.WriteAll(1, text.ToArray());
                }

                return (int)report.Level;
            case ["--help" or "-h"]:
                return Say(1, HealthUsage, ExitCode.Success);
            default:
                return Say(2, HealthUsage, ExitCode.Permanent);
        }
    }

    private static string[] Words(ProgramContext context) =>
        [.. context.Arguments.Select(word => Encoding.UTF8.GetString(word))];

    private static int Say(int fd, string text, int code)
    {
        Fd.WriteAll(fd, ByteText.ToBytes(text));
        return code;
    }
}
