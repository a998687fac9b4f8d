using System.Text;
using Kopis.Base;
using Kopis.Host.Install;
using Kopis.Posix;

namespace Kopis.Host.Migration.Steps;

/// <summary>Does actions on this host, and takes them back.</summary>
/// <param name="home">The qmail home.</param>
/// <param name="tools">Runs systemctl and dpkg-divert.</param>
internal sealed class StepTools(string home, HostTools tools)
{
    private const string Units = "/etc/systemd/system";
    private const string StartsOfInit = "/etc/rc5.d";
    private const int Readable = 0x1A4; // 0644

    /// <summary>Whether there is nothing to do: it is so already, or there is no such unit.
    /// </summary>
    internal bool IsDone(StepAction action) => action.Kind switch
    {
        StepKind.Start => Property("ActiveState", action.Name) == "active",
        StepKind.Enable => IsEnabled(action.Name),
        StepKind.Stop => IsStopped(action.Name),
        StepKind.Disable => !IsEnabled(action.Name),
        StepKind.Trial => File.Exists(UnitPath(action.Name)),
        _ => IsOurs(action.Name),
    };

    /// <summary>What an action needs is looked for before any is begun.</summary>
    /// <exception cref="ConfigurationException">This host has not what it needs.</exception>
    internal void Require(StepAction action)
    {
        string tool = action.Kind == StepKind.Divert ? "dpkg-divert" : "systemctl";
        if (!tools.Has(tool))
        {
            throw new ConfigurationException(
                $"{action}: there is no program {tool} on this host; do it by hand, as "
                + "docs/MOVING.md says", ExitCode.Permanent);
        }

        if (action.Kind is StepKind.Start && !MoveStep.IsTrial(action.Name)
            && !IsThere(action.Name))
        {
            throw new ConfigurationException(
                $"there is no unit {action.Name}: ./install --systemd, or the package, first",
                ExitCode.Permanent);
        }
    }

    /// <exception cref="ConfigurationException">It failed.</exception>
    internal void Do(StepAction action)
    {
        switch (action.Kind)
        {
            case StepKind.Start or StepKind.Enable or StepKind.Stop or StepKind.Disable:
                Systemctl(action.Kind, action.Name);
                break;
            case StepKind.Trial:
                PlainFile.Replace(
                    UnitPath(action.Name),
                    Encoding.UTF8.GetBytes(
                        UnitFiles.TrialText(action.Name, MoveStep.TrialOffset, home)),
                    Readable);
                tools.Run("systemctl", "daemon-reload");
                break;
            default:
                tools.Run("dpkg-divert", "--local", "--rename", "--divert",
                    action.Name + ".distrib", "--add", action.Name);
                File.CreateSymbolicLink(action.Name, Ours(action.Name));
                break;
        }
    }

    /// <summary>Takes one back; what is not there any more is passed over.</summary>
    /// <exception cref="ConfigurationException">It failed.</exception>
    internal void Undo(StepAction action)
    {
        bool isOfUnit = action.Kind is not (StepKind.Trial or StepKind.Divert);
        if (isOfUnit && !IsThere(action.Name))
        {
            return; // Its package has been removed.
        }

        switch (action.Kind)
        {
            case StepKind.Start:
                Systemctl(StepKind.Stop, action.Name);
                break;
            case StepKind.Enable:
                Systemctl(StepKind.Disable, action.Name);
                break;
            case StepKind.Stop:
                Systemctl(StepKind.Start, action.Name);
                break;
            case StepKind.Disable:
                Systemctl(StepKind.Enable, action.Name);
                break;
            case StepKind.Trial:
                Paths.Unlink(UnitPath(action.Name));
                tools.Run("systemctl", "daemon-reload");
                break;
            default:
                if (IsOurs(action.Name))
                {
                    Paths.Unlink(action.Name);
                }

                if (tools.Has("dpkg-divert"))
                {
                    tools.Run("dpkg-divert", "--local", "--rename", "--remove", action.Name);
                }

                break;
        }
    }

    private static string UnitPath(string unit) => Path.Combine(Units, unit);

    private string Ours(string program) => Path.Combine(home, "bin", Path.GetFileName(program));

    private bool IsOurs(string path) => new FileInfo(path).LinkTarget == Ours(path);

    private void Systemctl(StepKind kind, string unit) =>
        tools.Run("systemctl", "--quiet", kind.ToString().ToLowerInvariant(), unit);

    /// <summary>What systemd says of a unit (systemctl(1), show): a unit that there is not, is
    /// inactive and has no state of its file.</summary>
    /// <exception cref="ConfigurationException">systemd does not answer.</exception>
    private string Property(string name, string unit) =>
        tools.Ask("systemctl", "show", "--value", $"--property={name}", "--", unit).Trim();

    // One that is about to fail or to be started anew is not stopped.
    private bool IsStopped(string unit) =>
        Property("ActiveState", unit) is "inactive" or "failed";

    private bool IsEnabled(string unit) => Property("UnitFileState", unit) switch
    {
        "enabled" or "enabled-runtime" => true,
        "generated" => IsStartedByInit(Path.GetFileNameWithoutExtension(unit)),
        _ => false,
    };

    // A unit that systemd has made of a script in /etc/init.d: as systemd-sysv-install looks.
    private static bool IsStartedByInit(string script) => Directory.Exists(StartsOfInit)
        && Directory.EnumerateFiles(StartsOfInit, $"S??{script}").Any();

    private bool IsThere(string unit) => Property("LoadState", unit) is "loaded";
}
