using Kopis.Base;
using Kopis.Mail.Addresses;
using Kopis.Tools.DotQmail;

namespace Kopis.Tools.Forwarding;

/// <summary><c>dot-forward [-nN] FILE…</c>, for .qmail: follows the first .forward file that exists
/// (dot-forward 0.71).</summary>
public static class DotForward
{
    private const int SkipRest = 99; // Tells qmail-local to skip further lines.

    /// <summary>Runs the program.</summary>
    public static int Run(ProgramContext context)
    {
        if (ForwardSwitches.Read(context.Arguments, "n", out IReadOnlyList<byte[]> files)
            is not { } switches)
        {
            throw new ConfigurationException(
                "usage: dot-forward [ -nN ] file ...", ExitCode.Permanent);
        }

        bool onlyTells = switches.Length > 0;
        foreach (byte[] file in files)
        {
            if (MessageFiles.Read(file, mustBePublic: false) is not { } text)
            {
                continue;
            }

            List<ForwardTarget> targets = TargetsOf(text);
            if (targets.Count > 0)
            {
                return Obey(context, targets, onlyTells);
            }

            ForwardRun.Tell(
                onlyTells ? "skipping empty file " : "dot-forward: info: skipping empty file ",
                file);
        }

        if (onlyTells)
        {
            ForwardRun.Tell("direct delivery", []);
        }

        return ExitCode.Success;
    }

    private static List<ForwardTarget> TargetsOf(ReadOnlySpan<byte> text)
    {
        List<ForwardTarget> targets = [];
        foreach (Range range in text.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = text[range].TrimEnd((byte)'\r');
            if (line.StartsWith("#"u8))
            {
                continue;
            }

            // A NUL would end the address early, in an envelope or for a program.
            targets.AddRange(
                (line.Contains((byte)0) ? null : ForwardLine.Parse(line))
                ?? throw new ConfigurationException(
                    $"unable to parse this line: {RawText.Of(line)}"));
        }

        targets.RemoveAll(target => target is { Text: [], Host: null });
        foreach (ForwardTarget target in targets)
        {
            if (target.Kind is ForwardTargetKind.File or ForwardTargetKind.Include
                && !IsNowhere(target))
            {
                string prefix = target.Kind == ForwardTargetKind.File ? "" : ":include:";
                throw new ConfigurationException(
                    $"file delivery {prefix}{RawText.Of(target.Text)} not supported");
            }
        }

        return targets;
    }

    private static int Obey(
        ProgramContext context, List<ForwardTarget> targets, bool onlyTells)
    {
        AddressDefaults defaults = AliasPrograms.DefaultsOf(context);
        List<byte[]> recipients = [];
        bool isDirect = false;
        foreach (ForwardTarget target in targets)
        {
            if (IsNowhere(target))
            {
                continue; // The mail is accepted and discarded.
            }

            if (target.Kind == ForwardTargetKind.Program)
            {
                if (onlyTells)
                {
                    ForwardRun.Tell("pipe through ", target.Text);
                }
                else if (ForwardRun.Pipe(context, target.Text, ForwardRun.HeadOf(context))
                    is not 0 and int code)
                {
                    return code;
                }
            }
            else if (IsUser(context, target))
            {
                isDirect = true;
            }
            else
            {
                recipients.Add(target.Complete(defaults));
            }
        }

        if (onlyTells)
        {
            recipients.ForEach(recipient => ForwardRun.Tell("forward ", recipient));
        }
        else if (recipients.Count > 0)
        {
            ForwardRun.Forward(context, ToolQueue.Required(context, "NEWSENDER"), recipients);
        }

        if (isDirect && onlyTells)
        {
            ForwardRun.Tell("direct delivery", []);
        }

        return isDirect ? ExitCode.Success : SkipRest;
    }

    private static bool IsNowhere(ForwardTarget target) =>
        target.Kind is ForwardTargetKind.File or ForwardTargetKind.Include
        && target.Text.AsSpan().SequenceEqual(AliasCompiler.Nowhere);

    // The user's own name, alone or at the host to which this mail was sent.
    private static bool IsUser(ProgramContext context, ForwardTarget target) =>
        context.Environment["USER"] is { } user
        && Ascii8.EqualsIgnoreCase(target.Text, user)
        && (target.Host is null || (context.Environment["HOST"] is { } host
            && Ascii8.EqualsIgnoreCase(target.Host, host)));
}
