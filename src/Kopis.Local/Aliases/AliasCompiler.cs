using Kopis.Base;
using Kopis.Mail;

namespace Kopis.Local;

/// <summary>From sendmail's /etc/aliases and :include: files to fastforward's formats.</summary>
internal static class AliasCompiler
{
    private static ReadOnlySpan<byte> Owner => "owner-"u8;

    /// <summary>newaliases: an alias and its targets a line, continued by blanks.</summary>
    /// <exception cref="ConfigurationException">A line cannot be understood.</exception>
    internal static byte[] Aliases(ReadOnlySpan<byte> text, AddressDefaults defaults)
    {
        RefuseNul(text);
        ForwardTable table = new();
        foreach (byte[] line in Continued(text))
        {
            AddAlias(line, defaults, table);
        }

        return table.ToArray();
    }

    /// <summary>newinclude: targets of any number a line.</summary>
    /// <exception cref="ConfigurationException">A line cannot be understood.</exception>
    internal static byte[] Include(ReadOnlySpan<byte> text, AddressDefaults defaults)
    {
        RefuseNul(text);
        List<byte> list = [];
        foreach (Range range in text.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = text[range].TrimEnd((byte)'\r');
            if (line.StartsWith("#"u8))
            {
                continue;
            }

            foreach (ForwardTarget target in ForwardLine.Parse(line) ?? throw Unclear(line))
            {
                if (target.Kind == ForwardTargetKind.Program)
                {
                    throw new ConfigurationException(
                        $"program delivery |{LogText.Safe(target.Text)} not supported");
                }

                list.AddRange(Command(target, defaults));
                list.Add(0);
            }
        }

        return [.. list];
    }

    private static void AddAlias(
        ReadOnlySpan<byte> line, AddressDefaults defaults, ForwardTable table)
    {
        IReadOnlyList<ForwardTarget> targets = ForwardLine.Parse(line) ?? throw Unclear(line);
        if (targets.Count == 0)
        {
            return; // Blank.
        }

        ForwardTarget alias = targets[0];
        bool named = alias.Text.Length > 0 || alias.Host is { Length: > 0 };
        if (alias.Kind != ForwardTargetKind.Address || targets.Count < 2 || !named
            || alias.Host is { Length: 0 })
        {
            throw Unclear(line);
        }

        byte[] host = alias.Host ?? []; // As written: a name alone is for all hosts.
        if (alias.Text.Length > Owner.Length
            && Ascii8.StartsWithIgnoreCase(alias.Text, Owner))
        {
            table.AddOwner(
                [.. alias.Text.AsSpan(Owner.Length), (byte)'@', .. host],
                alias.Complete(defaults));
        }

        // From the last to the first, as by fastforward's own newaliases.
        table.AddCommands(
            [.. alias.Text, (byte)'@', .. host],
            targets.Skip(1).Reverse().Select(target => Command(target, defaults)));
    }

    private static byte[] Command(ForwardTarget target, AddressDefaults defaults)
    {
        switch (target.Kind)
        {
            case ForwardTargetKind.Program:
                return [(byte)'!', .. target.Text];
            case ForwardTargetKind.Include when target.Text.Length > 0:
                bool hasPath = target.Text[0] is (byte)'/' or (byte)'.';
                return [.. hasPath ? ""u8 : "./"u8, .. target.Text, .. ".bin"u8];
            case ForwardTargetKind.Include:
                throw new ConfigurationException("empty :include: filenames not permitted");
            case ForwardTargetKind.File:
                throw new ConfigurationException(
                    $"file delivery {LogText.Safe(target.Text)} not supported");
        }

        if (target.Text.Length == 0)
        {
            throw new ConfigurationException("empty recipient addresses not permitted");
        }

        byte[] address = target.Complete(defaults);
        return address.Length <= ForwardTable.AddressBytesMax
            ? [(byte)'&', .. address]
            : throw new ConfigurationException("addresses over 800 bytes are not permitted");
    }

    /// <summary>Lines with those that continue them, without comments.</summary>
    private static List<byte[]> Continued(ReadOnlySpan<byte> text)
    {
        List<byte[]> lines = [];
        foreach (Range range in text.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = text[range].TrimEnd((byte)'\r');
            bool continues = line.IsEmpty || line[0] is (byte)' ' or (byte)'\t';
            if (continues && lines.Count > 0)
            {
                lines[^1] = [.. lines[^1], (byte)'\n', .. line];
            }
            else
            {
                lines.Add(line.ToArray());
            }
        }

        lines.RemoveAll(line => line is [(byte)'#', ..]);
        return lines;
    }

    private static void RefuseNul(ReadOnlySpan<byte> text)
    {
        if (text.Contains((byte)0))
        {
            throw new ConfigurationException("NUL bytes are not permitted");
        }
    }

    private static ConfigurationException Unclear(ReadOnlySpan<byte> line) =>
        new($"unable to parse this line: {ByteText.ToText(line.TrimEnd("\n"u8))}");
}
