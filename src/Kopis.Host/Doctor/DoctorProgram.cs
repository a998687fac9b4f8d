using System.Net;
using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Host.Status;
using Kopis.Net.Dns;
using Kopis.Posix;
using Kopis.Tools.Queue;

namespace Kopis.Host.Doctor;

/// <summary><c>kopis doctor</c>: checks the host, its domains and its ports (kopis-doctor(8)).
/// </summary>
public static class DoctorProgram
{
    private const int ExitFault = 1;
    private const int ExitWarning = 2;

    private const string Usage = """
        usage: kopis doctor [--json | --changes FILE [--mail ADDRESS]] [--only ID,…]
                            [--address IP]… [--peer HOST] [DOMAIN…]
               kopis doctor dns DOMAIN [--address IP]…
               kopis doctor list

        Checks the host, its domains in DNS and its ports, and prints what is not as it should be,
        why that matters, and what mends it. Exit 0 if all is sound, 1 if there is a fault, 2 if
        there are warnings alone. Notes, and checks that could not be made, change nothing.

        --changes prints only what has changed since the run that wrote FILE, an absolute path;
        with --mail it is sent to ADDRESS, if anything has changed, and nothing is printed.

        dns   prints the records to publish for a domain, as lines of a zone file
        list  prints all checks

        """;

    /// <summary>Runs the program.</summary>
    /// <param name="context">Arguments and home.</param>
    /// <param name="programs">The names that are linked into bin.</param>
    /// <param name="readers">Functions that read control files, each as one program does.</param>
    public static int Run(
        ProgramContext context, IReadOnlyList<string> programs,
        IReadOnlyList<ControlReader> readers)
    {
        string[] words = [.. context.Arguments.Select(word => Encoding.UTF8.GetString(word))];
        switch (words)
        {
            case ["--help" or "-h", ..]:
                return Say(1, Usage, ExitCode.Success);
            case ["list"]:
                return Say(
                    1, string.Concat(DoctorCatalog.All.Select(check =>
                        $"{check.Id,-20} {DoctorText.Word(check.Failed),-8} {check.What}\n")),
                    ExitCode.Success);
            case ["dns", .. string[] more]:
                return DoctorOptions.Parse(more) is { Domains: [string domain] } one
                    ? Say(1, Zone(context, domain, AddressesOf(one)), ExitCode.Success)
                    : Say(2, Usage, ExitCode.Permanent);
            default:
                return DoctorOptions.Parse(words) is { } options
                    ? Check(context, options, programs, readers)
                    : Say(2, Usage, ExitCode.Permanent);
        }
    }

    private static int Check(
        ProgramContext context, DoctorOptions options, IReadOnlyList<string> programs,
        IReadOnlyList<ControlReader> readers)
    {
        if (!Directory.Exists(context.In("control")))
        {
            throw new ConfigurationException($"{context.In("control")}: no such directory");
        }

        IReadOnlyList<SigningRecord> keys =
            DoctorKeys.Read(context.In("dkim"), out List<string> faults);
        List<DoctorResult> found = [];
        int ok = 0;
        if (HostCatalog.Checks.Any(options.Has))
        {
            found = new HostJudge(
                new HostGatherer(context, programs, readers).Gather(faults),
                TimeProvider.System.GetUtcNow()).Judge();
            ok = found.Count(one => one.State == DoctorState.Ok && options.Has(one.Check));
            found.RemoveAll(one => one.State == DoctorState.Ok);
        }

        if (DomainCatalog.Checks.Concat(ServiceCatalog.Checks).Any(options.Has))
        {
            if (!Console.IsErrorRedirected)
            {
                Say(2, "asking DNS and ports, for half a minute at most\n", 0);
            }

            NetworkRequest request =
                new(options.Domains, AddressesOf(options), keys, options.Peer);
            found.AddRange(NetworkChecks.Run(
                context.Home, request, NetworkUser(context), options.Has, out int okThere));
            ok += okThere;
        }

        found.RemoveAll(one => !options.Has(one.Check));
        int code = found.Any(one => one.State == DoctorState.Fault) ? ExitFault
            : found.Any(one => one.State == DoctorState.Warning) ? ExitWarning
            : ExitCode.Success;
        if (options.IsJson)
        {
            Fd.WriteAll(1, DoctorJson.Of(found, ok, code));
            return code;
        }

        return options.Changes.Length > 0 ? TellChanges(context, options, found, code)
            : Say(1, DoctorText.Of(found, ok, StatusProgram.HasColour(context)), code);
    }

    // The next run reports what could not be reported now.
    private static int TellChanges(
        ProgramContext context, DoctorOptions options, List<DoctorResult> found, int code)
    {
        DoctorChanges changes = DoctorChanges.Since(options.Changes, found);
        string text = changes.ToText();
        if (options.Mail.Length == 0)
        {
            Say(1, text, code);
        }
        else if (text.Length > 0)
        {
            OwnMail.Send(
                context, options.Mail, $"kopis doctor: {changes.New.Count} new findings, "
                    + $"{changes.Gone.Count} gone", text);
        }

        changes.Save(options.Changes);
        return code;
    }

    private static string Zone(
        ProgramContext context, string domain, IReadOnlyList<IPAddress> addresses)
    {
        ControlDirectory control = ControlDirectory.Of(context);
        string me = ByteText.ToText(control.ReadLine(HostFiles.Me)
            ?? throw new ConfigurationException("there is no control/me"));
        IReadOnlyList<SigningRecord> keys =
            DoctorKeys.Read(context.In("dkim"), out List<string> faults);
        foreach (string fault in faults)
        {
            Say(2, $"warning: {fault}\n", 0);
        }

        return ZoneRecords.All(
            domain, DoctorOptions.Domain(me)
                ?? throw new ConfigurationException("control/me has no domain"),
            addresses, [.. keys.Where(key => key.Domain == domain)],
            HostGatherer.ReadCertificate(control, me).KeyHash);
    }

    private static IReadOnlyList<IPAddress> AddressesOf(DoctorOptions options) =>
        options.Addresses.Count > 0 ? options.Addresses : PublicAddresses.OfThisHost();

    /// <summary>The user who asks the network for root: the owner of the DMARC reports, qmaild;
    /// null if there is none.</summary>
    private static ProcessIdentity? NetworkUser(ProgramContext context)
    {
        if (Processes.EffectiveUid != 0)
        {
            return null;
        }

        string directory = context.In("dmarc");
        return (Directory.Exists(directory) ? ProcessIdentity.ForWorkIn(directory) : null)
            ?? ProcessIdentity.Of(UnixUsers.Required("nobody"));
    }

    private static int Say(int descriptor, string text, int code)
    {
        Fd.WriteAll(descriptor, Encoding.UTF8.GetBytes(text));
        return code;
    }
}
