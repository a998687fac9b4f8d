using Kopis.Base;
using Kopis.Users.Recipients;

namespace Kopis.Tools.Forwarding;

/// <summary>Follows an address through a forwarding database to its recipients and programs
/// (fastforward 0.51). Each target is followed only once, so that loops end.</summary>
/// <param name="image">The database.</param>
/// <param name="readList">Reads the entries of a mailing list's file.</param>
internal sealed class AliasExpansion(byte[] image, Func<byte[], IReadOnlyList<byte[]>> readList)
{
    private readonly HashSet<string> _met = new(StringComparer.Ordinal);
    private readonly Queue<byte[]> _commands = new();
    private readonly List<byte[]> _recipients = [];
    private readonly List<byte[]> _programs = [];

    /// <summary>The addresses to forward the message to, each at most once.</summary>
    internal IReadOnlyList<byte[]> Recipients => _recipients;

    /// <summary>The programs to run: a bar or an exclamation point, and the command.</summary>
    internal IReadOnlyList<byte[]> Programs => _programs;

    /// <summary>The address that receives bounces; null for the sender.</summary>
    internal byte[]? Owner { get; private set; }

    /// <summary>Follows an address that received mail.</summary>
    /// <returns>False if the address, its host and its local part have no instructions.</returns>
    /// <exception cref="InvalidDataException">The database or a list is damaged.</exception>
    internal bool TryFollow(ReadOnlySpan<byte> address)
    {
        foreach (byte[] target in ForwardKeys.Of(address.ToArray()))
        {
            if (TryTarget(target))
            {
                return true;
            }
        }

        return false;
    }

    private bool TryTarget(ReadOnlySpan<byte> target)
    {
        if (ForwardTable.CommandsOf(image, target) is not { } commands)
        {
            return false;
        }

        Owner = ForwardTable.OwnerOf(image, target);
        Enqueue(commands);
        while (_commands.TryDequeue(out byte[]? command))
        {
            Obey(command);
        }

        return true;
    }

    private void Obey(byte[] command)
    {
        if (command is [(byte)'|' or (byte)'!', ..])
        {
            _programs.Add(command);
        }
        else if (!_met.Add(ByteText.ToText(command)))
        {
            return;
        }
        else if (command is [(byte)'.' or (byte)'/', ..])
        {
            Enqueue(readList(command));
        }
        else if (command is [(byte)'&', ..])
        {
            ReadOnlySpan<byte> address = command.AsSpan(1);

            // Bounces of a list that has an owner go to the owner. So the list gets the message as
            // a recipient, and sends it again with its own sender.
            bool isOwned = ForwardTable.OwnerOf(image, address) is not null;
            if (!isOwned && ForwardTable.CommandsOf(image, address) is { } commands)
            {
                Enqueue(commands);
            }
            else
            {
                _recipients.Add(address.ToArray());
            }
        }
        else
        {
            throw new InvalidDataException("A command is of no known kind.");
        }
    }

    private void Enqueue(IReadOnlyList<byte[]> commands)
    {
        foreach (byte[] command in commands)
        {
            _commands.Enqueue(command);
        }
    }
}
