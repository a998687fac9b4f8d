namespace Kopis.Simulation.Tests;

/// <summary>One change of a file's content that the disk may not have yet.</summary>
/// <param name="Kind">What is done.</param>
/// <param name="Offset">Where; for a cut, the new length.</param>
/// <param name="Bytes">What is written, or zeros in place of a hole.</param>
internal readonly record struct Change(ChangeKind Kind, int Offset, byte[] Bytes)
{
    internal byte[] ApplyTo(byte[] content)
    {
        if (Kind == ChangeKind.Cut)
        {
            byte[] cut = new byte[Offset];
            content.AsSpan(0, Math.Min(Offset, content.Length)).CopyTo(cut);
            return cut;
        }

        int end = Kind == ChangeKind.Hole
            ? content.Length
            : Math.Max(content.Length, Offset + Bytes.Length);
        byte[] result = new byte[end];
        content.CopyTo(result, 0);
        int length = Math.Clamp(end - Offset, 0, Bytes.Length);
        Bytes.AsSpan(0, length).CopyTo(result.AsSpan(Math.Min(Offset, end)));
        return result;
    }

    /// <summary>What is left of it when the power goes while it is written: any part.</summary>
    internal Change Torn(Random random)
    {
        if (Kind != ChangeKind.Write || Bytes.Length == 0)
        {
            return this;
        }

        int from = random.Next(2) == 0 ? 0 : random.Next(Bytes.Length);
        int to = random.Next(from, Bytes.Length + 1);
        return this with { Offset = Offset + from, Bytes = Bytes[from..to] };
    }
}
