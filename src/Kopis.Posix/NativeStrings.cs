using System.Runtime.InteropServices;

namespace Kopis.Posix;

/// <summary>A NULL-terminated array of NUL-terminated strings, as execve(2) takes them.</summary>
internal sealed unsafe class NativeStrings : IDisposable
{
    private readonly byte** _pointers;
    private readonly byte* _bytes;

    internal NativeStrings(IReadOnlyList<byte[]> strings)
    {
        int total = strings.Sum(s => s.Length + 1);
        _pointers = (byte**)NativeMemory.Alloc((nuint)(strings.Count + 1), (nuint)sizeof(byte*));
        _bytes = (byte*)NativeMemory.Alloc((nuint)Math.Max(1, total));
        byte* next = _bytes;
        for (int i = 0; i < strings.Count; i++)
        {
            if (strings[i].AsSpan().Contains((byte)0))
            {
                Dispose();
                throw new ArgumentException("NUL inside a string for exec.", nameof(strings));
            }

            strings[i].CopyTo(new Span<byte>(next, strings[i].Length));
            _pointers[i] = next;
            next += strings[i].Length;
            *next++ = 0;
        }

        _pointers[strings.Count] = null;
    }

    internal byte** Pointer => _pointers;

    public void Dispose()
    {
        NativeMemory.Free(_pointers);
        NativeMemory.Free(_bytes);
    }
}
