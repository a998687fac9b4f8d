using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue.QmailFormat;
using Kopis.Users.Virtual;

namespace Kopis.Host.Install;

/// <summary>All of an installation: what should be there, and how to make it so.</summary>
internal sealed class Installation(
    string home, HostTools tools, IReadOnlyList<string> programs)
{
    private readonly HostAccounts _accounts = new(home, tools);
    private readonly HomeTree _tree = new(home);
    private readonly HomePrograms _programs = new(home, programs);

    /// <summary>What is not as it should be, in an order in which it can be mended one by one: the
    /// next is looked for when the one before has been.</summary>
    internal IEnumerable<Finding> Check() =>
        _accounts.Check().Concat(_tree.Check()).Concat(_programs.Check())
            .Concat(_tree.CheckNoSetIds()).Concat(CheckControls());

    /// <summary>Installs, or brings an installation up to date.</summary>
    /// <returns>What was done, a line each.</returns>
    internal IEnumerable<InstallLine> Install(InstallOptions options)
    {
        RequireNoForeignQueue();
        if (options.Packaged)
        {
            HomePrograms.RequirePackages();
        }

        HashSet<string> hadUsers = [.. HomeManifest.Users.Select(user => user.Name)
            .Where(name => UnixUsers.ByName(name) is not null)];
        HashSet<string> hadGroups = [.. HomeManifest.Groups
            .Where(name => UnixGroups.ByName(name) is not null)];
        foreach (Finding finding in _accounts.Check().Concat(_tree.Check()))
        {
            if (finding.IsAsked)
            {
                yield return new(
                    $"{finding.Text} (kopis check-install --mend --home {home})", IsForEyes: true);
                continue;
            }

            Mend(finding);
            yield return new(finding.Text);
        }

        InstallRecord record = new(home);
        foreach (string group in HomeManifest.Groups.Where(name => !hadGroups.Contains(name)))
        {
            record.Add("group", group);
        }

        foreach (HomeUser user in
            HomeManifest.Users.Where(user => !hadUsers.Contains(user.Name)))
        {
            record.Add("user", user.Name);
        }

        record.Save(); // What follows may fail; the users exist.
        if (options.Packaged ? _programs.LinkBinary() : _programs.CopyBinary())
        {
            yield return new($"new program {home}/bin/kopis");
        }

        if (_programs.CopyDashboard())
        {
            yield return new($"new program {home}/bin/kopis-web");
        }

        foreach (Finding finding in _programs.Check().Concat(_tree.CheckNoSetIds()))
        {
            if (!finding.IsAsked)
            {
                Mend(finding);
            }

            yield return new(finding.Text, finding.IsAsked);
        }

        foreach (string made in Files(options, record))
        {
            yield return new($"new file {made}", IsForEyes: made.Contains('\n'));
        }

        if (options.Packaged)
        {
            foreach (string gone in new UnitFiles(home, record, tools).GiveWay())
            {
                yield return new($"removed {gone}: the package has that unit");
            }
        }

        record.Save();
    }

    /// <summary>Repairs one thing.</summary>
    /// <exception cref="ConfigurationException">That is not ours to do.</exception>
    internal static void Mend(Finding finding)
    {
        if (finding.Mend is null)
        {
            throw new ConfigurationException(
                $"{finding.Text}; correct that by hand", ExitCode.Permanent);
        }

        finding.Mend();
    }

    private IEnumerable<string> Files(InstallOptions options, InstallRecord record)
    {
        if (options.Pages is { } pages)
        {
            foreach (string made in new ManualPages(home, record).Make(pages))
            {
                yield return made;
            }
        }

        foreach (string made in new FirstFiles(home, record).Make())
        {
            yield return made;
        }

        if (options.Systemd)
        {
            foreach (string made in new UnitFiles(home, record, tools).Make())
            {
                yield return made;
            }
        }
    }

    /// <summary>qmail's own queue and ours cannot share a directory: queue/bounce is named alike,
    /// and means other messages.</summary>
    private void RequireNoForeignQueue()
    {
        string queue = Path.Combine(home, "queue");
        if (QueueImport.IsQueue(queue))
        {
            throw new ConfigurationException(
                $"{queue} is a queue of qmail's. Stop qmail, move it away (mv {queue} "
                + $"{queue}.qmail), install again, and then: kopis queue import {queue}.qmail",
                ExitCode.Permanent);
        }
    }

    private IEnumerable<Finding> CheckControls()
    {
        if (!File.Exists(Path.Combine(home, "control/me")))
        {
            yield return new Finding($"there is no {home}/control/me", null);
        }

        foreach (string fault in new VirtualUsers(home).Faults()
            .Concat(new VirtualAliases(home).Faults()))
        {
            yield return new Finding(fault, null);
        }
    }
}
