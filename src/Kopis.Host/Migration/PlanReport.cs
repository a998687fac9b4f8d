using System.Globalization;
using Kopis.Base;
using Kopis.Config.Catalog;

namespace Kopis.Host.Migration;

/// <summary>A plan as text: what is written and where, what is not carried over, and what the
/// administrator should know. No I/O.</summary>
internal static class PlanReport
{
    /// <summary>The whole report, by lines.</summary>
    internal static string Of(SitePlan plan)
    {
        List<string> text =
        [
            .. plan.Values.Select(pair => $"control/{pair.Key}: {pair.Value}"),
            .. plan.Lists.SelectMany(list =>
                list.Value.Select(line => $"control/{list.Key}: {line}")),
            .. plan.ClientRules.Select(rule => $"{ListenerFiles.TcpRulesText}: {rule}"),
            .. plan.Logins.Select(line =>
                $"{PlanWriter.LoginFile}: {line[..line.IndexOf('|')]}|..."),
            .. plan.Assignments.Select(line => $"{PlanWriter.AssignFile}: {line}"),
            .. plan.Users.Keys.Select(user => $"users/virtual: {user}"),
            .. plan.Aliases.Select(alias =>
                $"users/aliases: {alias.Key}: {string.Join(", ", alias.Value)}"),
            .. plan.Instructions.Select(file =>
                $"alias/{PlanWriter.DotQmail(file.Key)}: {string.Join("; ", file.Value)}"),
            .. plan.UserInstructions.Select(file =>
                $".qmail of {file.Key}: {string.Join("; ", file.Value)}"),
            .. plan.Quotas.Select(quota => $"quota of {quota.Key}: "
                + ByteText.ToText(quota.Value.Format()).Split('\n')[0]),
        ];
        return string.Concat(text.Select(line => $"{PrintableText.Of(line)}\n"))
            + string.Concat(plan.Losses.Select(line => $"not carried: {PrintableText.Of(line)}\n"))
            + string.Concat(plan.Notes.Select(line => $"note: {PrintableText.Of(line)}\n"))
            + string.Create(CultureInfo.InvariantCulture,
                $"{text.Count} changes; {plan.Losses.Count} not carried\n");
    }
}
