using Kopis.Config.Catalog;
using Kopis.Users.Virtual;

namespace Kopis.Host.Migration.Qmail;

/// <summary>Finds vpopmail's domains in qmail's files, and plans them as domains of virtual users.
/// </summary>
/// <param name="plan">The plan with the lines of control/virtualdomains and users/assign; those of
/// vpopmail are removed.</param>
internal sealed class VpopmailSite(SitePlan plan)
{
    /// <summary>Plans all domains of vpopmail.</summary>
    internal void Plan()
    {
        // +example.org-:example.org:89:89:/home/vpopmail/domains/example.org:-::
        Dictionary<string, (string Domain, string Place)> assigned = new(StringComparer.Ordinal);
        foreach (string line in plan.Assignments)
        {
            if (KeyOf(line) is { } key
                && line.Split(':') is [_, var own, _, _, ['/', ..] place, "-", "", ..]
                && VpopmailUser.AreAt(place))
            {
                assigned[key] =
                    (own.ToLowerInvariant(), Path.TrimEndingDirectorySeparator(place));
            }
        }

        string[][] routes = [.. Routes().Select(line => line.ToLowerInvariant().Split(':'))
            .Where(words => words is [{ Length: > 0 } domain, var key]
                && VirtualAddress.Check($"x@{domain}") is null && assigned.ContainsKey(key))];
        HashSet<string> domains = [.. routes.Select(words => words[0])];

        // At a local domain, a catch-all does not come before the .qmail files of alias.
        string? local = plan.Lists.GetValueOrDefault(HostFiles.Locals.Name)?
            .Find(name => VirtualAddress.Check($"x@{name.ToLowerInvariant()}") is null)?
            .ToLowerInvariant();
        foreach (string[] words in routes)
        {
            (string own, string place) = assigned[words[1]];
            VpopmailDomain domain = new(plan, words[0], place, local);
            if (words[0] != own && domains.Contains(own))
            {
                domain.PlanOtherName(own);
            }
            else
            {
                domain.Plan();
            }
        }

        HashSet<string> carried = [.. routes.Select(words => words[1])];
        plan.Lists.GetValueOrDefault(HostFiles.VirtualDomains.Name)?.RemoveAll(line =>
            routes.Any(words =>
                line.Equals(string.Join(':', words), StringComparison.OrdinalIgnoreCase)));

        // A line of virtualdomains that is not carried over still needs its line of users/assign.
        carried.ExceptWith(
            Routes().Select(line => line[(line.IndexOf(':') + 1)..].ToLowerInvariant()));
        plan.Assignments.RemoveAll(line => KeyOf(line) is { } key && carried.Contains(key));
    }

    private static string? KeyOf(string line) =>
        line.Split(':')[0] is ['+', .. string key, '-'] ? key.ToLowerInvariant() : null;

    private List<string> Routes() =>
        plan.Lists.GetValueOrDefault(HostFiles.VirtualDomains.Name) ?? [];
}
