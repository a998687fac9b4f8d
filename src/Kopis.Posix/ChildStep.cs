namespace Kopis.Posix;

/// <summary>One system call of a new process, and its expected result.</summary>
internal struct ChildStep
{
    /// <summary>The number of the call; -1 compares C bytes at A and B instead.</summary>
    internal nint Call;

    internal nint A;

    internal nint B;

    internal nint C;

    internal nint D;

    internal nint E;

    internal nint Expected;

    /// <summary>Whether the next step follows even if the result differs.</summary>
    internal bool MayFail;
}
